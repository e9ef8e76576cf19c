"""The estimator by row likelihoods: recovery, refusal, invariances, and what may be missing."""

import time
from dataclasses import fields

import numpy as np
import pytest
from row_studies import LR, WD, grid, optimum

from lrwd import paper
from lrwd.errors import DataError
from lrwd.stats.noise import RESIDUALS
from lrwd.stats.ridge import HYPOTHESES, NONE, UNKNOWN
from lrwd.stats.row_fit import fit_row_likelihood, fit_surface
from lrwd.stats.row_ridge import RowRidge, exclusion_text, gate_reason, name_slope, rows_needed
from lrwd.stats.row_shapes import library
from lrwd.stats.surface import Surface

UNITS = ("noise_sd", "row_seed_sd", "unit")


def same(first: RowRidge, second: RowRidge, *, scale: float = 1.0) -> None:
    for field in fields(RowRidge):
        if field.name in ("posterior", "direction"):
            continue
        value, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(value, (float, tuple)) and not isinstance(value, bool) and field.name != "excluded":
            factor = scale if field.name in UNITS else 1.0
            np.testing.assert_allclose(np.asarray(other), factor * np.asarray(value), rtol=1e-6, atol=1e-9)
        else:
            assert value == other, field.name


@pytest.mark.parametrize(("name", "b"), HYPOTHESES.items())
def test_each_hypothesis_is_found(name: str, b: float) -> None:
    ridge = fit_row_likelihood(*grid(b, sd=0.8, num_seeds=4))
    assert ridge.b_ci[0] <= b <= ridge.b_ci[1]
    assert ridge.b_ci99[0] < ridge.b_ci[0] < ridge.b < ridge.b_ci[1] < ridge.b_ci99[1]
    assert ridge.verdict == name
    assert set(ridge.excluded) == set(HYPOTHESES) - {name}
    assert ridge.num_rows >= 3
    assert ridge.noise_source == "replicates"
    at_ref = optimum(np.array([ridge.lr_ref]), b)[0]
    assert ridge.ln_wd_ref_ci[0] - 0.2 <= at_ref <= ridge.ln_wd_ref_ci[1] + 0.2


def test_coverage_of_small_studies() -> None:
    held = []
    for rng in range(30):
        b = (1.0, 0.0, -1.0)[rng % 3]
        ridge = fit_row_likelihood(*grid(b, sd=2.0, seed_sd=1.0, rng=rng))
        if ridge.has_number:
            held.append(ridge.b_ci[0] <= b <= ridge.b_ci[1])
    assert len(held) >= 24
    assert np.mean(held) >= 0.86


def test_row_seed_effects_narrow_the_interval() -> None:
    lr, wd, y = grid(0.0, sd=0.7, seed_sd=3.0, num_seeds=4)
    shuffled = y.copy()
    generator = np.random.default_rng(1)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            shuffled[i, j] = generator.permutation(y[i, j])
    paired, mixed = fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, wd, shuffled)
    assert paired.row_seed_sd > 1.5
    assert paired.noise_sd < 1.2
    assert mixed.noise_sd > 2
    assert paired.b_sd < mixed.b_sd


@pytest.mark.parametrize("scale", [0.01, 37.0])
def test_units_change_nothing(scale: float) -> None:
    lr, wd, y = grid(0.5, sd=1.5, seed_sd=1.0)
    same(fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, wd, scale * y), scale=scale)


def test_levels_of_rows_change_nothing() -> None:
    lr, wd, y = grid(0.5, sd=1.5)
    moved = y + np.array([-20.0, 5.0, 0.0, 12.0, -3.0])[:, None, None]
    same(fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, wd, moved))


def test_units_change_nothing_with_one_run_a_cell() -> None:
    lr, wd, y = grid(0.0, sd=0.5, num_seeds=1)
    same(fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, wd, 0.01 * y), scale=0.01)


def test_order_of_seeds_and_of_cells_changes_nothing() -> None:
    lr, wd, y = grid(-1.0, sd=1.5, seed_sd=1.0)
    ridge = fit_row_likelihood(lr, wd, y)
    same(ridge, fit_row_likelihood(lr, wd, y[:, :, [2, 0, 1]]))
    same(ridge, fit_row_likelihood(lr, wd[:, ::-1], y[:, ::-1]))


def test_loss_is_accuracy_with_the_sign_turned() -> None:
    lr, wd, y = grid(1.0, sd=1.0)
    loss = 2.0 - 0.02 * y
    same(fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, wd, loss, direction="min"), scale=0.02)


def test_slope_moves_with_the_learning_rates() -> None:
    """Weight decays of each row multiplied by lr**s: the ridge turns by s."""
    lr, wd, y = grid(0.0, sd=1.0)
    turned = wd * (lr[:, None] / 0.01) ** 0.7
    first, second = fit_row_likelihood(lr, wd, y), fit_row_likelihood(lr, turned, y)
    assert second.b == pytest.approx(first.b + 0.7, abs=0.03)


def test_missing_cells_and_ragged_rows() -> None:
    lr, wd, y = grid(1.0, sd=0.8, num_seeds=4)
    y[0, 0], y[2, 3, 1:], y[4, 5, 0] = np.nan, np.nan, np.nan
    ragged = wd.copy()
    ragged[1, 5], y[1, 5] = np.nan, np.nan
    ridge = fit_row_likelihood(lr, ragged, y)
    assert ridge.verdict == "ratio"
    assert ridge.num_runs == int(np.isfinite(y).sum())


def test_a_row_without_runs_is_left_out() -> None:
    lr, wd, y = grid(0.0, sd=0.8)
    y[3] = np.nan
    ridge = fit_row_likelihood(lr, wd, y)
    same(ridge, fit_row_likelihood(np.delete(lr, 3), np.delete(wd, 3, axis=0), np.delete(y, 3, axis=0)))
    assert ridge.num_all_rows == 4


def test_zero_decay_bounds_nothing_but_may_be_there() -> None:
    lr, wd, y = grid(0.0, sd=0.8, wd=np.append(0.0, WD))
    ridge = fit_row_likelihood(lr, wd, y)
    assert ridge.verdict == "constant"
    assert ridge.posterior is not None
    assert ridge.posterior.rows[0].row.span[0] == pytest.approx(np.log(WD[0]))
    only_zero = fit_row_likelihood(lr, wd[:, :1], y[:, :1])
    assert only_zero.reason == "no runs with weight decay"


@pytest.mark.parametrize("num_lr", [3, 20])
def test_few_and_many_learning_rates(num_lr: int) -> None:
    ridge = fit_row_likelihood(*grid(0.0, sd=0.6, lr=np.geomspace(0.002, 0.05, num_lr)))
    assert abs(ridge.b) < 0.35
    assert "ratio" in ridge.excluded


def test_collapsed_runs_do_not_move_the_ridge() -> None:
    lr, wd, y = grid(0.0, sd=1.0, rng=3)
    generator = np.random.default_rng(0)
    beyond = (np.log(wd) > optimum(lr, 0.0)[:, None] + 0.8)[..., None] & (generator.random(y.shape) < 0.5)
    ridge = fit_row_likelihood(lr, wd, np.where(beyond, 10.0, y))
    assert ridge.noise_sd == pytest.approx(1.0, rel=0.4)
    assert ridge.b_ci[0] <= 0 <= ridge.b_ci[1]
    assert {"ratio", "timescale"} == set(ridge.excluded)


def test_two_bracketing_rows_give_no_number() -> None:
    ridge = fit_row_likelihood(*grid(0.0, sd=0.5, lr=LR[:2]))
    assert not ridge.has_number
    assert ridge.reason == "2 learning rates bracket the best weight decay, of 2; 3 are needed"
    assert ridge.excluded == ()
    assert ridge.verdict == UNKNOWN
    assert ridge.posterior is not None
    assert ridge.as_ridge().reason == ridge.reason


def test_pure_noise_and_pure_decline_give_no_number() -> None:
    answered = 0
    for rng in range(15):
        lr, wd, y = grid(0.0, rng=rng, sd=2.0)
        flat = np.random.default_rng(rng).normal(70, 2, y.shape)
        declining = flat - 1.5 * np.logaddexp(0, np.log(wd) - optimum(lr, 0.0)[:, None])[..., None]
        answered += fit_row_likelihood(lr, wd, flat).has_number + fit_row_likelihood(lr, wd, declining).has_number
    assert answered <= 1


def test_quiet_decline_on_a_fine_grid_gives_no_number() -> None:
    """Low noise makes the row's shape plain, and a plateau with a decline is not an optimum."""
    answered = 0
    lr, wd = np.geomspace(0.002, 0.05, 6), np.tile(np.geomspace(0.1, 100, 8), (6, 1))
    for rng in range(10):
        generator = np.random.default_rng(rng)
        mean = 80 - 1.2 * np.logaddexp(0, np.log(wd) - np.log(3.0))
        y = mean[..., None] + generator.normal(0, 0.33, (6, 8, 5))
        answered += fit_row_likelihood(lr, wd, y).has_number
    assert answered <= 1


def test_the_papers_grid_is_refused_under_its_own_ratio() -> None:
    lr, wd = np.array(paper.LRS), np.tile(np.array(paper.WDS), (6, 1))
    with np.errstate(divide="ignore"):
        u = np.log(wd) - np.log(paper.RHO * lr)[:, None]
    mean = 75 + 6 * np.expm1(-(u**2) / 6)
    for rng in range(5):
        y = mean[..., None] + 0.33 * np.random.default_rng(rng).standard_normal((*wd.shape, 5))
        ridge = fit_row_likelihood(lr, wd, y)
        assert not ridge.has_number, ridge.b


def test_equal_responses_are_refused() -> None:
    lr, wd, y = grid(0.0)
    ridge = fit_row_likelihood(lr, wd, np.full(y.shape, 50.0))
    assert ridge.reason == "all responses are equal"


def test_noise_free_runs() -> None:
    ridge = fit_row_likelihood(*grid(1.0, sd=0.0))
    assert ridge.b == pytest.approx(1.0, abs=0.1)
    assert ridge.verdict == "ratio"


def test_one_run_a_cell_is_answered_and_said() -> None:
    ridge = fit_row_likelihood(*grid(1.0, sd=0.4, num_seeds=1))
    assert ridge.noise_source == RESIDUALS
    assert 0.2 < ridge.noise_sd < 1.2
    assert ridge.b_ci[0] <= 1 <= ridge.b_ci[1]
    assert "timescale" in ridge.excluded


def test_a_bent_ridge_is_not_called_a_power_law() -> None:
    lr, wd, y = grid(0.0, sd=0.3, wd=np.geomspace(0.03, 100, 9))
    x = np.log(lr / 0.01)
    bent = wd * np.exp(0.5 * (x**2 - np.mean(x**2)))[:, None]
    ridge = fit_row_likelihood(lr, bent, y)
    assert ridge.bends
    assert not ridge.is_power_law
    assert ridge.slope_low < -0.5 < 0.5 < ridge.slope_high
    assert "bends" in ridge.reason
    straight = fit_row_likelihood(lr, wd, y)
    assert straight.is_power_law


def test_surface_and_ridge_of_other_estimators() -> None:
    lr, wd, y = grid(-1.0, sd=0.8)
    surface = Surface(lr, wd, y / 100, y / 100, np.arange(3))
    ridge = fit_surface(surface)
    same(fit_row_likelihood(lr, wd, y), ridge, scale=0.01)
    plain = ridge.as_ridge()
    assert (plain.b, plain.b_ci, plain.slope_low) == (ridge.b, ridge.b_ci, ridge.slope_low)
    assert np.argmax(plain.weights) == 2
    middle, low, high = ridge.ln_wd(ridge.lr_ref)
    assert low < middle < high


def test_speed() -> None:
    lr, wd, y = grid(0.0, lr=np.geomspace(0.002, 0.05, 6), wd=np.geomspace(0.1, 30, 8), num_seeds=5)
    fit_row_likelihood(lr, wd, y)
    start = time.process_time()
    for _ in range(5):
        fit_row_likelihood(lr, wd, y)
    assert (time.process_time() - start) / 5 < 0.15


def test_wrong_arguments() -> None:
    lr, wd, y = grid(0.0)
    with pytest.raises(DataError, match="Unknown direction 'up'"):
        fit_row_likelihood(lr, wd, y, direction="up")
    with pytest.raises(DataError, match="do not fit"):
        fit_row_likelihood(lr, wd[:2], y)


def test_words() -> None:
    assert exclusion_text(("ratio",)) == "the ratio is excluded; constant and time scale remain"
    assert exclusion_text(()) == "no slope is excluded"
    assert gate_reason(3, 5) == ""
    assert "1 learning rate brackets" in gate_reason(1, 5)
    assert [rows_needed(num) for num in (3, 5, 9, 10, 20)] == [3, 3, 3, 4, 7]
    near = dict.fromkeys(HYPOTHESES, 0.9)
    assert name_slope(("ratio", "constant"), near) == "timescale"
    assert name_slope(("ratio", "constant"), near | {"timescale": 0.7}) == UNKNOWN
    assert name_slope(("ratio",), near) == UNKNOWN
    assert name_slope(tuple(HYPOTHESES), near) == NONE


def test_shapes_are_zero_at_the_optimum_and_bounded() -> None:
    shapes = library()
    assert shapes.num == 315
    np.testing.assert_allclose(shapes.at(np.zeros(1)), 0, atol=1e-12)
    assert np.all(shapes.drop >= -1e-12)
    assert np.all(shapes.drop <= 70)
    np.testing.assert_array_equal(shapes.at(np.array([-np.inf]))[0], shapes.without_decay)
