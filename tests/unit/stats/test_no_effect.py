"""The equivalence test of "weight decay does not matter": its algebra, its size at the boundary, its refusals."""

import numpy as np
import pytest
from scipy import stats

from lrwd.errors import DataError
from lrwd.stats.no_effect import NoEffect, RunNoise, no_effect, noise_by_row

LR = np.array([0.001, 0.003, 0.01])
WD = np.tile([0.0, 0.1, 1.0, 10.0], (3, 1))


def runs(rng: np.random.Generator, mean: np.ndarray, sd: np.ndarray | float, seed_sd: float, seeds: int) -> np.ndarray:
    spread = np.broadcast_to(sd, (3,))[:, None, None]
    shape = (3, 4, seeds)
    return mean[..., None] + spread * rng.normal(size=shape) + seed_sd * rng.normal(size=(3, 1, seeds))


def of(values: np.ndarray, margin: float) -> NoEffect:
    return no_effect(LR, WD, values, noise_by_row(values), margin, 0.95)


def test_two_cells_are_a_paired_t_test() -> None:
    values = np.random.default_rng(0).normal(size=(1, 2, 6))
    result = no_effect(LR[:1], WD[:1, :2], values, noise_by_row(values), 1.0, 0.95)
    gap = values[0, 0] - values[0, 1]
    error = gap.std(ddof=1) / np.sqrt(6)
    assert result.bound[0] == pytest.approx(abs(gap.mean()) + stats.t.ppf(0.95, 5) * error)
    one_sided = stats.ttest_1samp(gap * np.sign(gap.mean()), 1.0, alternative="less")
    assert result.p[0] == pytest.approx(one_sided.pvalue)


def test_bound_is_the_smallest_margin_that_is_shown() -> None:
    values = runs(np.random.default_rng(1), np.zeros((3, 4)), 0.5, 0.3, 3)
    bound = of(values, 1.0).overall_bound
    assert of(values, bound * 1.001).overall_shown
    assert not of(values, bound * 0.999).overall_shown
    assert of(values, bound).overall_p == pytest.approx(0.05)


def test_direction_scale_and_seed_effect_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    values = runs(rng, np.zeros((3, 4)), 0.5, 0.3, 3)
    bound = of(values, 1.0).bound
    np.testing.assert_allclose(of(-values, 1.0).bound, bound)
    np.testing.assert_allclose(of(100 * values, 1.0).bound, 100 * bound)
    np.testing.assert_allclose(of(values + 5 * rng.normal(size=(3, 1, 3)), 1.0).bound, bound)


def test_noise_by_row_recovers_both_variances() -> None:
    values = runs(np.random.default_rng(3), np.zeros((3, 4)), 0.5, 0.8, 400)
    noise = noise_by_row(values)
    assert noise is not None
    assert noise.sd[0, 0] == pytest.approx(0.5, rel=0.03)
    assert noise.seed_sd == pytest.approx(0.8, rel=0.05)


def test_a_row_with_more_noise_keeps_its_own() -> None:
    values = runs(np.random.default_rng(4), np.zeros((3, 4)), np.array([0.2, 0.2, 2.0]), 0.0, 5)
    noise = noise_by_row(values)
    assert noise is not None
    assert noise.sd[2, 0] > 1.2
    assert noise.df[2, 0] == 12
    assert noise.df[0, 0] == 36


@pytest.mark.parametrize("sd", [0.5, np.array([1.0, 0.5, 0.5])])
def test_size_at_the_boundary_in_spite_of_selection(sd: np.ndarray | float) -> None:
    """One row at the boundary and the others flat is the case with the largest error; 1,500 studies, SE .006."""
    rng = np.random.default_rng(5)
    mean = np.zeros((3, 4))
    mean[0] = [-1.5, 0.0, 0.0, 1.5]
    shown = [of(runs(rng, mean, sd, 0.3, 3), 3.0).overall_shown for _ in range(1500)]
    assert np.mean(shown) <= 0.05 + 3 * 0.006


def test_power_where_nothing_happens() -> None:
    rng = np.random.default_rng(6)
    shown = [of(runs(rng, np.zeros((3, 4)), 0.5, 0.3, 3), 2.5).overall_shown for _ in range(200)]
    assert np.mean(shown) > 0.95


def test_one_run_a_cell_needs_a_given_noise() -> None:
    values = np.full((3, 4, 1), 0.5)
    assert noise_by_row(values) is None
    refused = no_effect(LR, WD, values, None, 0.01, 0.95)
    assert not refused.overall_shown
    assert "no noise" in refused.reason
    given = RunNoise(np.array([[0.002]]), 0.0, np.array([[np.inf]]))
    result = no_effect(LR, WD, values, given, 0.01, 0.95)
    assert result.overall_shown
    assert result.overall_bound == pytest.approx(1.6449 * 0.002 * np.sqrt(2), rel=1e-4)
    assert (result.wd_low[0], result.wd_high[0]) == (0.0, 10.0)


def test_a_row_that_cannot_be_tested_forbids_the_overall_statement() -> None:
    values = runs(np.random.default_rng(7), np.zeros((3, 4)), 0.1, 0.0, 3)
    values[1, 1:] = np.nan
    result = of(values, 5.0)
    assert result.shown.tolist() == [True, False, True]
    assert not result.overall_shown
    assert "0.003" in result.reason


def test_a_missing_row_and_unequal_seeds() -> None:
    values = runs(np.random.default_rng(8), np.zeros((3, 4)), 0.1, 1.0, 4)
    values[2] = np.nan
    values[0, 0, 2:] = np.nan
    result = of(values, 5.0)
    assert result.overall_shown
    assert result.lr_high == 0.003
    # Unshared seeds leave some of the seed effect in the difference, so the bound is wider.
    assert result.bound[0] > result.bound[1]


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(DataError, match=r"margin is 0; allowed: positive"):
        of(np.zeros((3, 4, 2)), 0)
    with pytest.raises(DataError, match="level is"):
        no_effect(LR, WD, np.zeros((3, 4, 2)), None, 1.0, 0.4)
