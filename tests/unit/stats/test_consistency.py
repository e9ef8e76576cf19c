"""Recomputations from printed numbers, each against an independent way or a known case."""

import itertools

import numpy as np
import pytest
from scipy import stats

from lrwd.errors import DataError
from lrwd.stats.consistency import (
    adamw_fixed_point,
    common_relative_width,
    curve_test,
    dispersion,
    enumerate_maps,
    origin_weights,
    p_range,
)
from lrwd.stats.ratio import fit_ratio

LR, WD = np.array([1e-3, 3e-3, 1e-2]), np.array([0.0, 0.001, 0.01, 0.3])


def test_every_map_is_listed_once_and_fitted_as_the_paper_fits() -> None:
    maps = enumerate_maps(LR, WD)
    assert {tuple(row) for row in maps.wd} == set(itertools.product(WD, repeat=3))
    assert len(maps.wd) == 4**3
    for row, rho, r2, b in zip(maps.wd, maps.rho, maps.r2, maps.b, strict=True):
        fit = fit_ratio(LR, row)
        np.testing.assert_allclose([rho, r2, b], [fit.rho, fit.r2, fit.b], rtol=1e-9, atol=1e-12, equal_nan=True)


def test_too_many_maps_are_refused() -> None:
    with pytest.raises(DataError, match="allowed: at most 2,000,000"):
        enumerate_maps(np.geomspace(1e-4, 1e-1, 8), np.geomspace(0.1, 1, 8))


def test_weights_are_the_diagonal_of_the_hat_matrix() -> None:
    x = LR[:, None]
    np.testing.assert_allclose(origin_weights(LR), np.diag(x @ np.linalg.inv(x.T @ x) @ x.T))


def test_p_range_holds_the_unrounded_p() -> None:
    generator = np.random.default_rng(1)
    for _ in range(200):
        estimate, error = generator.uniform(0.05, 0.15), generator.uniform(0.005, 0.02)
        p = 2 * stats.t.sf(abs(estimate - 0.1) / error, 4)
        half = stats.norm.ppf(0.975) * error
        low, high = p_range(round(estimate, 3), round(half, 3), 0.1, 0.001, 4)
        assert low <= p <= high
    assert p_range(0.1, 0.02, 0.1, 0.0, np.inf) == (1.0, 1.0)


def test_one_relative_width_is_found_and_two_are_told_apart() -> None:
    estimate = np.array([0.08, 0.1, 0.15])
    low, high = common_relative_width(estimate, np.round(0.174 * estimate, 3), 0.001)
    assert low <= 0.174 <= high
    low, high = common_relative_width(estimate, np.array([0.014, 0.017, 0.035]), 0.001)
    assert low > high


def test_dispersion_is_uniform_when_intervals_are_right() -> None:
    generator = np.random.default_rng(2)
    half = [np.full(10, 0.2), generator.uniform(0.1, 0.3, 10)]
    p = []
    for _ in range(500):
        values = [3 + generator.normal(size=10) * width / stats.norm.ppf(0.975) for width in half]
        result = dispersion(values, half)
        p.append(result.p_lower)
    assert result.df == 18
    assert stats.kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_curve_that_made_the_numbers_is_admitted_and_the_other_rejected(power: float) -> None:
    ln_kappa = np.log([0.1, 0.2, 0.5, 2.0, 5.0, 10.0])
    drop = 1.5 * np.maximum(np.abs(ln_kappa) - 0.4, 0) ** power
    own, other = (curve_test(ln_kappa, drop, np.full(6, 0.1), form) for form in (power, 3 - power))
    assert own.beta == pytest.approx(1.5, rel=1e-3)
    assert own.gamma == pytest.approx(0.4, abs=1e-3)
    assert own.p > 0.99
    assert other.p < 0.05
    assert own.df == 4


def test_the_fixed_point_is_that_of_the_regularised_loss() -> None:
    for lr in (1e-1, 1e-2):
        assert adamw_fixed_point(lr, wd=0.25, optimum=1.0, num_steps=5000) == pytest.approx(1 / 1.25)
