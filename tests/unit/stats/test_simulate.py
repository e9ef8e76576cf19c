"""The design check: predicted optima, returnable ratios, expected error and power, each against another way."""

import itertools

import numpy as np
import pytest

from lrwd import paper
from lrwd.errors import DataError
from lrwd.stats.propose import candidates
from lrwd.stats.simulate import (
    Constants,
    Response,
    Truth,
    expected_se,
    hypotheses,
    interior,
    nearest_ln_kappa,
    power,
    returnable,
    simulate,
)

LR = np.array(paper.LRS)
WD = np.tile(np.array(paper.WDS), (6, 1))
RESPONSE = Response(curvature=0.013, saturation=0.04, seed_sd=0.0033)
RATIO = Truth("ratio", "", 1.0, 1.0, 0.1)


def test_the_response_has_the_drops_of_table_2() -> None:
    """The values of the configuration are said to fit the paper's CIFAR-100 column."""
    rows = [row for row in paper.TABLE_2 if row.dataset == paper.CIFAR100]
    drops = 100 * RESPONSE.drop(np.log([row.kappa for row in rows]))
    assert np.max(np.abs(drops - [row.drop_pp for row in rows])) < 0.35
    assert RESPONSE.drop(np.array([1e-3]))[0] == pytest.approx(0.013e-6, rel=1e-3)
    assert RESPONSE.drop(np.array([np.inf]))[0] == RESPONSE.saturation


def test_central_hypotheses_meet_in_the_centre() -> None:
    published, *central = hypotheses(LR, WD, Constants(0.1))
    np.testing.assert_allclose(np.exp(published.ln_wd(LR)), 0.1 * LR)
    centre = np.exp(np.log(LR).mean())
    for truth, slope in zip(central, (1, 0, -1), strict=True):
        assert truth.wd_ref == pytest.approx(np.sqrt(0.001 * 0.3))
        line = np.polyfit(np.log(LR / centre), truth.ln_wd(LR), 1)
        np.testing.assert_allclose(line, [slope, np.log(truth.wd_ref)], atol=1e-12)


def test_given_constants_come_before_the_central_ones() -> None:
    given = hypotheses(LR, WD, Constants(rho=0.1, wd=0.05, timescale_steps=20_000))
    assert [truth.text for truth in given[:3]] == ["λ = 0.1·η", "λ = 0.05", "1/(ηλ) = 20,000 steps"]
    assert given[3:] == hypotheses(LR, WD, Constants(0.1))[1:]
    np.testing.assert_allclose(np.exp(given[1].ln_wd(LR)), 0.05)
    np.testing.assert_allclose(LR * np.exp(given[2].ln_wd(LR)), 1 / 20_000)


def test_on_the_papers_grid_no_optimum_of_its_ratio_is_interior() -> None:
    assert not interior(LR, WD, RATIO).any()
    # At 1e-2 the optimum is the smallest wd itself; at 5e-5 it is 200 times smaller.
    np.testing.assert_allclose(nearest_ln_kappa(LR, WD, RATIO)[[0, -1]], [np.log(200), 0], atol=1e-12)


def test_on_the_papers_grid_the_ratio_is_returned_only_with_a_zero() -> None:
    found = returnable(LR, WD, 0.1, 0.005)
    assert (found.num_maps, found.low) == (8**6, 0)
    assert found.low_positive == pytest.approx(0.1312, abs=5e-5)
    assert found.holds
    assert not found.holds_positive


@pytest.mark.parametrize("seed", range(5))
def test_returnable_ratios_are_those_of_all_maps(seed: int) -> None:
    generator = np.random.default_rng(seed)
    lr = np.sort(generator.uniform(0.001, 0.1, 4))
    wd = np.sort(generator.uniform(0, 1, (4, 3)), axis=1)
    wd[0, 0] = 0
    wd[1, 2] = np.nan
    rows = [row[np.isfinite(row)] for row in wd]
    every = np.array([lr @ chosen / (lr @ lr) for chosen in itertools.product(*rows)])
    positive = np.array([lr @ chosen / (lr @ lr) for chosen in itertools.product(*rows) if min(chosen) > 0])
    for target in generator.uniform(0, 20, 10):
        found = returnable(lr, wd, target, 0.05)
        assert (found.num_maps, found.num_rho) == (len(every), len(every))
        np.testing.assert_allclose(
            [found.low, found.high, found.low_positive], [every.min(), every.max(), positive.min()]
        )
        assert found.holds == bool(np.any(abs(every - target) <= 0.05))
        assert found.holds_positive == bool(np.any(abs(positive - target) <= 0.05))


def test_equal_ratios_are_counted_once() -> None:
    found = returnable(np.array([1.0, 1.0 + 1e-300]), np.array([[1.0, 2.0], [1.0, 2.0]]), 1.0, 0.1)
    assert (found.num_maps, found.num_rho) == (4, 3)


def test_too_many_maps_are_not_told_apart_but_searched() -> None:
    lr, wd = np.geomspace(1e-4, 1e-1, 8), np.tile(np.geomspace(1e-5, 1, 9), (8, 1))
    found = returnable(lr, wd, 0.1, 0.005)
    assert (found.num_maps, found.num_rho) == (9**8, 0)
    assert found.holds


def test_expected_error_is_that_of_parabolas_through_three_cells() -> None:
    """Monte Carlo of the vertex formula, without saturation and with little noise, where the formula holds."""
    response = Response(curvature=0.01, saturation=0.5, seed_sd=1e-5)
    h, num_seeds = 0.5, 3
    lr = np.geomspace(1e-4, 1e-2, 5)
    truth = Truth("constant", "", 0.0, 1.0, 0.1)
    wd = np.tile(0.1 * np.exp(h * np.arange(-2, 3)), (5, 1))
    generator = np.random.default_rng(0)
    x = np.log(lr) - np.log(lr).mean()
    slopes = []
    for _ in range(3000):
        mean = simulate(lr, wd, truth, response, num_seeds, generator).select.mean(axis=2)
        low, top, high = mean[:, 1], mean[:, 2], mean[:, 3]
        vertex = h / 2 * (low - high) / (low - 2 * top + high)
        slopes.append(x @ vertex / (x @ x))
    # The formula's SE of a vertex, sigma/(sqrt(2n)·c·h), for c twice the curvature.
    assert expected_se(lr, wd, truth, response, num_seeds) == pytest.approx(np.std(slopes), rel=0.1)


def test_without_three_interior_optima_there_is_no_error_to_expect() -> None:
    assert np.isnan(expected_se(LR, WD, RATIO, RESPONSE, 5))


def test_simulated_accuracies_have_the_response_and_the_noise() -> None:
    surface = simulate(LR, WD, RATIO, RESPONSE, 4000, np.random.default_rng(1))
    mean = surface.select.mean(axis=2)
    expected = 0.7 - RESPONSE.drop(np.log(WD[:, 1:] / (0.1 * LR[:, None])))
    np.testing.assert_allclose(mean[:, 1:], expected, atol=4 * 0.0033 / np.sqrt(4000))
    np.testing.assert_allclose(mean[:, 0], 0.66, atol=4 * 0.0033 / np.sqrt(4000))
    np.testing.assert_allclose(surface.select.std(axis=2), 0.0033, rtol=0.1)


def test_power_counts_right_wrong_and_undecided() -> None:
    calls = iter(["ratio"] * 5 + ["constant"] * 3 + ["unknown"] * 2)
    result = power(
        lambda _: next(calls), (LR, WD), RATIO, RESPONSE, 2, 10, np.random.default_rng(0), undecided="unknown"
    )
    assert (result.right, result.wrong) == (0.5, 0.3)


def test_a_grid_without_decay_at_a_learning_rate_is_refused() -> None:
    with pytest.raises(DataError, match="no wd > 0"):
        hypotheses(np.array([1.0, 2.0]), np.array([[0.0], [1.0]]), Constants(0.1))


@pytest.mark.parametrize("num_cells", [25, 48, 90])
def test_candidates_reach_a_step_beyond_every_optimum(num_cells: int) -> None:
    truths = hypotheses(LR, WD, Constants(0.1))
    offered = candidates(LR, num_cells, truths)
    assert offered
    for lr, wd in offered:
        assert wd.size <= num_cells
        assert (lr[0], lr[-1]) == (LR[0], LR[-1])
        steps = np.diff(np.log(wd[0]))
        assert np.ptp(steps) < 0.12  # rounding to two digits
        for truth in truths:
            assert interior(lr, wd, truth).all()
            assert truth.ln_wd(lr).min() - np.log(wd[0, 0]) > 0.9 * steps[0]
            assert np.log(wd[0, -1]) - truth.ln_wd(lr).max() > 0.9 * steps[0]


def test_too_few_cells_have_no_candidate() -> None:
    assert candidates(LR, 19, hypotheses(LR, WD, Constants(0.1))) == []
