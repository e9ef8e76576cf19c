"""The table of equal weights, and what it says on the post's equations."""

from typing import Any

import pytest

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.theory.tables import equal_weight
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY
from lrwd.theory.targets import knobs_of


def test_which_equation_is_exact_for_what(config: dict[str, Any]) -> None:
    table = equal_weight.build(knobs_of("equal_weight", config), {}, {})
    worst = table.groupby("schedule")[["spread_exact", "spread_exponential"]].max()
    for name, exact, exponential in (
        (equal_weight.EQ_16, True, False),
        (equal_weight.EXACT_BOTH, True, False),
        (equal_weight.EQ_14, False, True),
        (equal_weight.EQ_14_BOTH, False, True),
        (equal_weight.EQ_17, False, False),
    ):
        assert (worst.loc[name, "spread_exact"] < 1e-10, worst.loc[name, "spread_exponential"] < 1e-10) == (
            exact,
            exponential,
        )
    verdicts = {claim.place: claim.verdict for claim in equal_weight.claims(table)}
    assert verdicts == {"Eq. 14": PARTLY, "Eq. 16": HOLDS, "Eq. 17": PARTLY, "Eq. 18": HOLDS}


def test_claims_follow_the_table(config: dict[str, Any]) -> None:
    table = equal_weight.build(knobs_of("equal_weight", config), {}, {})
    claims = equal_weight.claims(table.assign(spread_exact=0.5, spread_momentum=5.0))
    assert {claim.verdict for claim in claims} == {FAILS}


@pytest.mark.parametrize(
    ("knobs", "words"), [({"num_steps": 1}, "num_steps: 1"), ({"lr_wd": [1]}, "lr_wd"), ({"beta1": 1}, "beta1: 1")]
)
def test_knobs_that_do_not_fit(knobs: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        registry.build_config(equal_weight, {"num_steps": 9, "lr_wd": [0.1], "beta1": 0.9, **knobs}, "x")
