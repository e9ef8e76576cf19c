"""The recommended pair: where it is, what to expect there, and what it refuses."""

import numpy as np
import pytest
from landscapes import LANDSCAPES, draw, grid

from lrwd.errors import DataError
from lrwd.stats.recommend import CROSS_FITTED, FROM_SHAPES, Recommendation, recommend
from lrwd.stats.row_fit import fit_row_likelihood

Grid = tuple[np.ndarray, np.ndarray, np.ndarray]


def of(lr: np.ndarray, wd: np.ndarray, y: np.ndarray, direction: str = "max", high: float = 1.0) -> Recommendation:
    ridge = fit_row_likelihood(lr, wd, y, direction=direction)
    generator = np.random.default_rng(0)
    return recommend(lr, wd, y, ridge, direction=direction, bounds=(0.0, high), level=0.95, generator=generator)


def example(name: str = "quiet asymmetric", seed: int = 3, num_seeds: int = 3) -> tuple[np.ndarray, Grid]:
    """Expected responses of the cells, and a grid of runs."""
    rng = np.random.default_rng(seed)
    truth = draw(LANDSCAPES[name], 0.0, rng)
    runs = grid(truth, rng, num_seeds=num_seeds)
    return truth.mean(runs[1]), runs


def test_quiet_runs_give_the_best_cell_and_an_interval_that_holds_its_mean() -> None:
    mean, (lr, wd, y) = example()
    found = of(lr, wd, y)
    row, column = np.unravel_index(mean.argmax(), mean.shape)
    assert (found.lr, found.wd) == (lr[row], wd[row, column])
    assert found.method == CROSS_FITTED
    assert found.num_scores == 3
    assert found.ci_low < mean.max() < found.ci_high
    assert found.as_good[row, column]
    assert np.isnan(found.p_better[row, column])
    assert found.region(lr, wd)[-1][0] in lr


def test_same_arguments_same_answer_and_a_loss_is_mirrored() -> None:
    _, (lr, wd, y) = example("symmetric")
    first, second = of(lr, wd, y), of(lr, wd, y)
    assert (first.expected, first.regret) == (second.expected, second.regret)
    loss = of(lr, wd, 1 - y, "min")
    assert (loss.lr, loss.wd) == (first.lr, first.wd)
    assert loss.expected == pytest.approx(1 - first.expected)
    assert loss.ci_high == pytest.approx(1 - first.ci_low)
    np.testing.assert_array_equal(loss.as_good, first.as_good)


def test_accuracy_near_one_stays_below_it() -> None:
    _, (lr, wd, y) = example("near the ceiling")
    found = of(lr, wd, np.minimum(y + 0.0115, 1.0))
    assert found.ci_low < found.expected < found.ci_high < 1


def test_one_run_a_cell_uses_the_shapes_and_says_so() -> None:
    mean, (lr, wd, y) = example(num_seeds=1)
    found = of(lr, wd, y)
    assert found.method == FROM_SHAPES
    assert found.selection_bias >= 0
    assert found.ci_high - found.ci_low < 0.05
    assert mean.max() - mean[lr == found.lr][wd[lr == found.lr] == found.wd][0] < 0.02


def test_expected_response_is_not_the_winners() -> None:
    """Flat responses: the largest mean is far above the truth, the expected response is not."""
    winners, expected = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = 0.8 + 0.03 * rng.standard_normal((5, 5, 3))
        lr, wd = np.geomspace(0.001, 0.1, 5), np.tile(np.geomspace(0.1, 10, 5), (5, 1))
        expected.append(of(lr, wd, np.clip(y, 0, 1)).expected)
        winners.append(y.mean(axis=2).max())
    assert np.mean(winners) - 0.8 > 0.025
    assert abs(np.mean(expected) - 0.8) < 0.018


def test_edges_are_named() -> None:
    _, (lr, wd, y) = example()
    best = of(lr, wd, y)
    row = int(np.flatnonzero(lr == best.lr)[0])
    kept = np.where(wd >= best.wd, wd, np.nan)
    order = np.argsort(np.isnan(kept), axis=1, kind="stable")
    cut_wd = np.take_along_axis(kept, order, axis=1)[[row]]
    cut_y = np.take_along_axis(np.where(np.isnan(kept)[..., None], np.nan, y), order[..., None], axis=1)[[row]]
    found = of(lr[[row]], cut_wd, cut_y)
    assert "the lowest weight decay run there" in found.at_edge
    assert "the highest learning rate" in found.at_edge


def test_a_cell_with_collapsed_runs_is_not_recommended() -> None:
    _, (lr, wd, y) = example()
    best = of(lr, wd, y)
    row, column = int(np.flatnonzero(lr == best.lr)[0]), int(np.flatnonzero(wd[0] == best.wd)[0])
    y[row, column, 1:] = 0.1
    found = of(lr, wd, y)
    assert (found.lr, found.wd) != (best.lr, best.wd)


def test_nothing_to_recommend_and_bad_arguments() -> None:
    lr, wd = np.array([0.1]), np.array([[0.0, 1.0]])
    empty = of(lr, wd, np.full((1, 2, 2), np.nan))
    assert np.isnan(empty.lr)
    assert empty.reason == "no runs with weight decay"
    with pytest.raises(DataError, match="Unknown direction 'up'"):
        recommend(
            lr,
            wd,
            np.zeros((1, 2, 2)),
            fit_row_likelihood(lr, wd, np.zeros((1, 2, 2))),
            direction="up",
            bounds=(0, 1),
            level=0.95,
            generator=np.random.default_rng(0),
        )
