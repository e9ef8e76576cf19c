"""Noise from replicates and from residuals, and the covariance of a row's means."""

import numpy as np
import pytest
from row_studies import grid

from lrwd.stats.noise import REPLICATES, RESIDUALS, Noise, mean_covariance, replicate_noise
from lrwd.stats.row_fit import fit_row_likelihood


def test_both_parts_are_recovered() -> None:
    found = [replicate_noise(grid(0.0, sd=2.0, seed_sd=1.5, num_seeds=4, rng=rng)[2]) for rng in range(40)]
    assert np.sqrt(np.mean([noise.sd**2 for noise in found])) == pytest.approx(2.0, rel=0.06)
    assert np.sqrt(np.mean([noise.row_seed_sd**2 for noise in found])) == pytest.approx(1.5, rel=0.15)
    assert all(noise.source == REPLICATES for noise in found)


def test_unpaired_runs_have_no_row_seed_part() -> None:
    y = grid(0.0, sd=2.0, seed_sd=1.5, num_seeds=4)[2]
    noise = replicate_noise(y, paired=False)
    assert noise.row_seed_sd == 0
    assert noise.sd == pytest.approx(2.5, rel=0.25)


def test_collapsed_cells_and_distant_cells_are_left_out() -> None:
    y = grid(0.0, sd=1.0, num_seeds=4)[2]
    y[:, -1, :] += 20 * np.random.default_rng(0).standard_normal(y[:, -1, :].shape)
    y[2, 3, 0] = 5.0
    assert replicate_noise(y).sd == pytest.approx(1.0, rel=0.25)


def test_source() -> None:
    y = grid(0.0, num_seeds=1)[2]
    assert replicate_noise(y).source == RESIDUALS
    more = np.concatenate([y, np.full(y.shape, np.nan)], axis=2)
    more[0, :3, 1] = y[0, :3, 0] + 0.5
    assert replicate_noise(more).source == RESIDUALS
    more[1, :3, 1] = y[1, :3, 0] - 0.5
    noise = replicate_noise(more)
    assert noise.source == "repeats at 6 cells"
    assert noise.sd == pytest.approx(0.5 / np.sqrt(2))


def test_covariance_of_means_with_unequal_seeds() -> None:
    y = np.array([[1.0, 1.2, np.nan], [1.1, np.nan, np.nan], [np.nan, 0.9, 1.1]])
    found = mean_covariance(y, Noise(0.5, 0.3, 10.0, REPLICATES))
    shared = np.array([[2 / 4, 1 / 2, 1 / 4], [1 / 2, 1.0, 0.0], [1 / 4, 0.0, 2 / 4]])
    drop = 1.1 - np.nanmean(y, axis=1)
    expected = 0.09 * shared + np.diag(0.25 * 10 / 8 / np.array([2, 1, 2]) + 0.01 + (0.15 * drop) ** 2)
    np.testing.assert_allclose(found, expected)


def test_a_cell_that_collapses_now_and_then_has_its_own_variance() -> None:
    y = np.array([[70.0, 71.0, 69.0], [70.0, 10.0, 71.0]])
    found = mean_covariance(y, Noise(1.0, 0.0, 20.0, REPLICATES))
    assert found[0, 0] < 1
    assert found[1, 1] > np.var(y[1], ddof=1) / 3


def test_residuals_do_not_underestimate_the_noise() -> None:
    ratios = [fit_row_likelihood(*grid(0.0, sd=1.0, num_seeds=1, rng=rng)).noise_sd for rng in range(12)]
    assert 0.85 < np.median(ratios) < 1.8
    assert min(ratios) > 0.6
