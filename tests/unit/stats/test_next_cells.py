"""Which cells to run next: determinism, limits, reasons, and the sequential policy's stop rule."""

import numpy as np
import pytest
from landscapes import LANDSCAPES, Truth, draw

from lrwd.errors import DataError
from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.next_cells import Batch, Limits, NextCell, next_cells
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.sequential import Rules, first_round, next_round

LIMITS = Limits(0.003, 3000.0, 6)
RULES = Rules(LIMITS, batch=12, max_cells=90, max_rounds=8, half_width=0.3)


def run(truth: Truth, cells: tuple[NextCell, ...], rng: np.random.Generator) -> FlatRuns:
    values = []
    for cell in cells:
        wd = np.full((len(truth.lr), 1), cell.wd)
        row = int(np.flatnonzero(truth.lr == cell.lr)[0])
        values.append(float(truth.runs(wd, np.array([cell.seed]), rng)[row, 0, 0]))
    lr, wd_, seed = (np.array([getattr(cell, name) for cell in cells]) for name in ("lr", "wd", "seed"))
    return FlatRuns(lr, wd_, seed, np.array(values))


def started(name: str = "symmetric", b: float = 0.0, seed: int = 0, centre: float = 3.0) -> FlatRuns:
    rng = np.random.default_rng(seed)
    truth = draw(LANDSCAPES[name], b, rng)
    return run(truth, first_round(truth.lr, centre, 3, 10.0, 2), rng)


def choose(runs: FlatRuns, limits: Limits = LIMITS, batch: int = 12) -> Batch:
    return next_cells(runs, fit_row_likelihood(*runs.grid()), limits, batch, np.random.default_rng(4))


def shuffled(runs: FlatRuns, order: np.ndarray) -> FlatRuns:
    return FlatRuns(runs.lr[order], runs.wd[order], runs.seed[order], runs.value[order])


def test_first_round_is_coarse_and_repeated() -> None:
    cells = first_round(np.array([0.001, 0.01]), 3.0, 3, 10.0, 2)
    assert len(cells) == 12
    assert sorted({cell.wd for cell in cells}) == [0.3, 3.0, 30.0]
    assert {cell.seed for cell in cells} == {0, 1}
    with pytest.raises(DataError, match="num_wd"):
        first_round(np.array([0.001]), 3.0, 1, 10.0, 2)


def test_a_batch_is_new_runs_within_the_limits_each_with_a_reason() -> None:
    runs = started()
    batch = choose(runs)
    assert len(batch.cells) == 12
    made = {*zip(runs.lr, runs.wd, runs.seed, strict=True)}
    asked = [(cell.lr, cell.wd, cell.seed) for cell in batch.cells]
    assert len({*asked}) == 12
    assert not made & {*asked}
    assert all(0.003 <= cell.wd <= 3000 and cell.lr in runs.rates for cell in batch.cells)
    assert all(cell.reason.split()[0] in ("extends", "replicates", "refines") for cell in batch.cells)
    assert batch.half_width_after < batch.half_width
    assert all(0 <= p <= 1 for p in batch.p_excluded)


def test_deterministic_and_independent_of_the_order_of_the_runs() -> None:
    runs = started("bending", -1.0)
    first = choose(runs)
    assert choose(runs).cells == first.cells
    assert choose(shuffled(runs, np.random.default_rng(1).permutation(len(runs)))).cells == first.cells


def test_failed_runs_are_not_asked_for_again() -> None:
    runs = started()
    target = choose(runs).cells[0]
    failed = FlatRuns(
        np.append(runs.lr, target.lr),
        np.append(runs.wd, target.wd),
        np.append(runs.seed, target.seed),
        np.append(runs.value, np.nan),
    )
    again = choose(failed)
    assert again.cells
    assert (target.lr, target.wd, target.seed) not in {(cell.lr, cell.wd, cell.seed) for cell in again.cells}


def test_a_range_above_the_ridge_is_extended_downwards() -> None:
    batch = choose(runs := started("quiet asymmetric", 0.0, centre=300.0))
    assert sum(cell.wd < runs.wd.min() for cell in batch.cells) >= 8
    assert "downwards" in batch.cells[0].reason


def test_without_any_gradient_both_ends_are_extended() -> None:
    batch = choose(runs := started("quiet asymmetric", 0.0, centre=3e-4), Limits(1e-6, 1e3, 6))
    assert sum(cell.wd < runs.wd.min() or cell.wd > runs.wd.max() for cell in batch.cells) >= 8
    assert "as the best wd may lie outside it" in batch.cells[0].reason


def test_limits_that_allow_nothing_and_no_results() -> None:
    runs = started()
    assert choose(runs, Limits(0.3, 0.300001, 2)).reason == "the limits allow no further run"
    nothing = FlatRuns(runs.lr, runs.wd, runs.seed, np.full(len(runs), np.nan))
    assert choose(nothing).cells == ()
    one_row = runs.lr == runs.rates[0]
    few = FlatRuns(runs.lr[one_row], runs.wd[one_row], runs.seed[one_row], runs.value[one_row])
    assert len(choose(few).cells) == 12
    with pytest.raises(DataError, match="batch is 0"):
        choose(runs, batch=0)
    with pytest.raises(DataError, match="wd_low"):
        Limits(1.0, 0.1, 2)


def test_diverged_runs_are_results() -> None:
    runs = started()
    value = np.where((runs.wd > 10) & (runs.lr > 0.01), 0.1, runs.value)
    batch = choose(FlatRuns(runs.lr, runs.wd, runs.seed, value))
    assert len(batch.cells) == 12


def test_a_loss_gives_the_cells_of_the_accuracy() -> None:
    runs = started()
    loss = FlatRuns(runs.lr, runs.wd, runs.seed, 1 - runs.value)
    as_accuracy = next_round(runs, 1, RULES, 0)
    as_loss = next_round(loss, 1, RULES, 0, direction="min")
    assert [cell[:3] for cell in map(astuple, as_loss.batch.cells)] == [
        cell[:3] for cell in map(astuple, as_accuracy.batch.cells)
    ]


def astuple(cell: NextCell) -> tuple[float, float, int, str]:
    return cell.lr, cell.wd, cell.seed, cell.reason


def test_the_policy_stops_by_its_rule_with_the_right_answer() -> None:
    rng = np.random.default_rng(2)
    truth = draw(LANDSCAPES["quiet asymmetric"], -1.0, rng)
    cells = first_round(truth.lr, 3.0, 3, 10.0, 2)
    runs = run(truth, cells, rng)
    for number in range(1, 9):
        decision = next_round(runs, number, RULES, 0)
        if decision.stop:
            break
        new = run(truth, decision.batch.cells, rng)
        pairs = zip((runs.lr, runs.wd, runs.seed, runs.value), (new.lr, new.wd, new.seed, new.value), strict=True)
        runs = FlatRuns(*(np.append(old, more) for old, more in pairs))
    assert decision.stop
    assert "b is known to" in decision.why
    assert decision.ridge.excluded == ("ratio", "constant")
    assert len(runs) <= 60


def test_the_policy_stops_at_its_budgets() -> None:
    runs = started("pure noise")
    cells = next_round(runs, 1, Rules(LIMITS, 12, 34, 8, 0.3), 0)
    assert len(cells.batch.cells) == 4
    assert "budget" in next_round(runs, 1, Rules(LIMITS, 12, 30, 8, 0.3), 0).why
    assert "rounds" in next_round(runs, 8, RULES, 0).why
    with pytest.raises(DataError, match="half_width"):
        Rules(LIMITS, 12, 30, 8, 0.0)


def test_flat_runs_are_checked_and_make_a_ragged_grid() -> None:
    runs = FlatRuns(
        np.array([0.1, 0.1, 0.2]), np.array([1.0, 2.0, 0.0]), np.array([0, 3, 3]), np.array([0.5, 0.6, 0.7])
    )
    lr, wd, y = runs.grid()
    np.testing.assert_array_equal(lr, [0.1, 0.2])
    np.testing.assert_array_equal(wd, [[1.0, 2.0], [0.0, np.nan]])
    assert y.shape == (2, 2, 2)
    assert y[1, 0, 1] == 0.7
    with pytest.raises(DataError, match="twice"):
        FlatRuns(np.ones(2), np.ones(2), np.zeros(2, dtype=int), np.ones(2))
    with pytest.raises(DataError, match="infinite"):
        FlatRuns(np.ones(1), np.ones(1), np.zeros(1, dtype=int), np.array([np.inf]))
