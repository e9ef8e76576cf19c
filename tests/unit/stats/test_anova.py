from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from lrwd import paper
from lrwd.stats.anova import one_way_anova, per_seed_rho
from lrwd.stats.reference import estimate_rho_plain, optimal_wd_plain
from lrwd.stats.surface import Surface


def test_agrees_with_anova_lm_and_scipy_on_unequal_groups() -> None:
    generator = np.random.default_rng(0)
    groups = {name: 0.1 + 0.01 * generator.normal(size=size) for name, size in (("a", 5), ("b", 3), ("c", 9))}
    result = one_way_anova({**groups, "empty": np.array([np.nan])})
    expected = stats.f_oneway(*groups.values())
    assert (result.f, result.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-8)
    frame = pd.DataFrame([(name, value) for name, values in groups.items() for value in values])
    table = anova_lm(ols("value ~ C(name)", data=frame.set_axis(["name", "value"], axis=1)).fit())
    assert (result.f, result.p) == pytest.approx((table["F"].iloc[0], table["PR(>F)"].iloc[0]), rel=1e-8)
    assert (result.df_between, result.df_within) == tuple(table["df"])
    assert (result.df_between, result.df_within, result.num_groups, result.num_values) == (2, 14, 3, 17)
    assert result.undefined == ""


def test_published_table_gives_the_audits_f() -> None:
    # Table 1's ten values give F(4, 5) = 1.18, not F(4, 45) = .72.
    groups = {label: np.array([row.rho for row in paper.TABLE_1 if row.label == label]) for label in paper.LABELS}
    result = one_way_anova(groups)
    assert result.f == pytest.approx(1.18, abs=0.005)
    assert (result.df_between, result.df_within) == (4, 5)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ({}, "fewer than 2 groups"),
        ({"a": np.array([0.1, 0.2])}, "fewer than 2 groups"),
        ({"a": np.array([0.1]), "b": np.array([0.2])}, "one value a group"),
        ({"a": np.full(3, 0.1), "b": np.full(2, 0.2)}, "no variance within"),
    ],
)
def test_undefined(groups: dict, reason: str) -> None:
    result = one_way_anova(groups)
    assert reason in result.undefined
    assert np.isnan([result.f, result.p]).all()


def test_per_seed_rho_is_each_seeds_own(random_surface: Callable[..., Surface]) -> None:
    surface = random_surface(4, missing=0.2)
    expected = [estimate_rho_plain(optimal_wd_plain(surface, [seed]))[0] for seed in range(5)]
    np.testing.assert_allclose(per_seed_rho(surface), expected, rtol=1e-10)
