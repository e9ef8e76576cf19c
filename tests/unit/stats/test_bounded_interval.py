"""Intervals that stay within the range of what they are of."""

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.stats.bounded_interval import bounded_interval

INF = float("inf")


@pytest.mark.parametrize("estimate", [0.0, 0.001, 0.3, 0.97, 0.999, 1.0, 1.02])
@pytest.mark.parametrize("error", [1e-4, 0.01, 0.2])
def test_stays_inside_and_holds_the_estimate(estimate: float, error: float) -> None:
    used, low, high = bounded_interval(estimate, error, 1.96, (0.0, 1.0))
    assert 0 < low < used < high < 1


def test_far_from_the_bounds_it_is_the_normal_interval() -> None:
    used, low, high = bounded_interval(0.5, 0.001, 1.96, (0.0, 1.0))
    assert (used, low, high) == pytest.approx((0.5, 0.5 - 0.00196, 0.5 + 0.00196), abs=1e-5)
    assert bounded_interval(3.0, 1.0, 2.0, (-INF, INF)) == (3.0, 1.0, 5.0)


def test_one_bound_is_a_logarithm_on_either_side() -> None:
    used, low, high = bounded_interval(0.2, 0.1, 2.0, (0.0, INF))
    assert low * high == pytest.approx(used**2)
    mirrored = bounded_interval(-0.2, 0.1, 2.0, (-INF, 0.0))
    assert mirrored == pytest.approx((-used, -high, -low))


def test_an_interval_of_no_error_and_descending_bounds() -> None:
    assert bounded_interval(1.0, 0.0, 2.0, (0.0, 1.0)) == (1.0, 1.0, 1.0)
    with pytest.raises(DataError, match="ascending"):
        bounded_interval(0.5, 0.1, 2.0, (1.0, 0.0))
    assert np.isfinite(bounded_interval(1e-12, 5.0, 2.0, (0.0, INF))).all()
