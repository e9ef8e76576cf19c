"""The limits on the price of causality hold on any norms, and are neither far off nor exact by construction."""

import math

import numpy as np
import pytest

from lrwd.theory.formulas import bounds, causality
from lrwd.theory.formulas import norm_schedules as schedules
from lrwd.theory.formulas.bounds import Floats


def traces() -> list[Floats]:
    rng = np.random.default_rng(0)
    return [
        np.exp(rng.normal(scale=scale, size=num) + slope * np.linspace(0, 1, num))
        for num in (2, 30, 400)
        for scale in (0.0, 0.5, 2.0)
        for slope in (-3.0, 0.0, 3.0)
    ]


@pytest.mark.parametrize("norms", traces())
def test_no_trace_breaks_a_limit(norms: Floats) -> None:
    def ratio(bound: str, causal: str, best: str) -> float:
        function = getattr(bounds, bound)
        one, other = (getattr(schedules, name)(norms, 1.7) for name in (causal, best))
        return float(function(one, norms, 1.7) / function(other, norms, 1.7))

    bounded = ratio("average_iterate_bounded", "adagrad_norm", "constant_for_average")
    assert 1 <= bounded <= causality.ADAGRAD_BOUNDED + 1e-12
    free = ratio("average_iterate", "adagrad_norm", "constant_for_average")
    assert 1 <= free <= causality.adagrad_limit(norms) + 1e-12
    weighted = ratio("weighted_average", "inverse_square_causal", "inverse_square")
    assert 1 <= weighted <= causality.inverse_square_limit(norms) + 1e-12
    assert causality.last_iterate_price(norms) <= causality.last_iterate_limit(len(norms)) + 1e-12


def test_three_halves_is_reached_in_the_limit() -> None:
    norms = np.ones(100_000)
    one, other = schedules.adagrad_norm(norms, 1.0), schedules.constant_for_average(norms, 1.0)
    ratio = bounds.average_iterate_bounded(one, norms, 1.0) / bounds.average_iterate_bounded(other, norms, 1.0)
    assert 1.497 < ratio < 1.5


def test_the_price_is_the_bound_where_that_applies() -> None:
    norms = np.full(50, 0.7)
    lr, best = schedules.last_iterate_causal(norms, 1.0, 50), schedules.constant_for_last(norms, 1.0)
    ratio = float(bounds.last_iterate(lr, norms, 1.0) / bounds.last_iterate(best, norms, 1.0))
    assert causality.last_iterate_price(norms) == pytest.approx(ratio)


def test_the_printed_limits() -> None:
    norms = np.array([2.0, 1.0, 0.5])
    assert causality.adagrad_limit(norms) == pytest.approx(1 + math.log((4 + 1 + 0.25) / 4) / 2)
    assert causality.inverse_square_limit(norms) == pytest.approx(1 + math.log((0.25 + 1 + 4) / 0.25) / 2)
    assert causality.last_iterate_limit(600) == pytest.approx((3 + math.log(600)) / 2)
