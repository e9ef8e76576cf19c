"""Draws from the posterior agree with its summation."""

import numpy as np
import pytest
from row_studies import grid, optimum

from lrwd.stats.particles import particles, predict, row_posterior
from lrwd.stats.ridge_posterior import RidgePosterior
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.row_ridge import RowRidge


@pytest.fixture(scope="module")
def ridge() -> RowRidge:
    return fit_row_likelihood(*grid(1.0, sd=1.0))


@pytest.fixture(scope="module")
def posterior(ridge: RowRidge) -> RidgePosterior:
    assert ridge.posterior is not None
    return ridge.posterior


def test_draws_have_the_posteriors_moments(ridge: RowRidge, posterior: RidgePosterior) -> None:
    drawn = particles(posterior, 8000, np.random.default_rng(0))
    assert drawn.b.mean() == pytest.approx(ridge.b, abs=0.02)
    assert drawn.b.std() == pytest.approx(ridge.b_sd, rel=0.05)
    assert drawn.q.mean() == pytest.approx(ridge.bend, abs=0.02)
    for row in range(5):
        grid_m, probability = row_posterior(posterior, row)
        mean = grid_m @ probability
        assert drawn.m[:, row].mean() == pytest.approx(mean, abs=0.03)
        assert drawn.m[:, row].std() == pytest.approx(np.sqrt(probability @ (grid_m - mean) ** 2), abs=0.04)
        at = np.log([0.1, 1.0, 30.0])
        response, sd = predict(posterior, row, at)
        sample = drawn.response(row, at)
        np.testing.assert_allclose(sample.mean(axis=0), response, atol=0.08)
        np.testing.assert_allclose(sample.std(axis=0), sd, rtol=0.12)


def test_equal_generators_give_equal_particles(posterior: RidgePosterior) -> None:
    first, second = (particles(posterior, 50, np.random.default_rng(3)) for _ in range(2))
    for name in ("b", "a", "q", "tau", "m", "shape", "level"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_rows_agree_with_the_truth(posterior: RidgePosterior) -> None:
    truth = optimum(np.exp(np.array([row.row.x for row in posterior.rows])), 1.0)
    for row, star in enumerate(truth):
        m, probability = row_posterior(posterior, row)
        mean = m @ probability
        assert abs(mean - star) < 4 * np.sqrt(probability @ (m - mean) ** 2)


def test_predictions_are_in_the_responses_units() -> None:
    lr, wd, y = grid(0.0, sd=0.5)
    mean, sd = fit_row_likelihood(lr, wd, y).predict(2, wd[2])
    np.testing.assert_allclose(mean, y[2].mean(axis=1), atol=1.5)
    loss, loss_sd = fit_row_likelihood(lr, wd, -0.01 * y, direction="min").predict(2, wd[2])
    np.testing.assert_allclose(loss, -0.01 * mean, rtol=1e-6)
    np.testing.assert_allclose(loss_sd, 0.01 * sd, rtol=1e-6)
