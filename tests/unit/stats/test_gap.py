import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.stats.gap import best_cell, gap_interval
from lrwd.stats.surface import Surface


def _surface(select: np.ndarray, report: np.ndarray, wd: np.ndarray) -> Surface:
    return Surface(np.array([1e-3, 1e-2]), wd, select, report, np.arange(select.shape[2]))


GRID_WD = np.array([[0.0, 0.1], [0.0, 0.1]])
LINE_WD = np.array([[1e-4], [1e-3]])


def test_select_chooses_and_report_is_reported() -> None:
    select = np.array([[[0.1, 0.2], [0.5, 0.7]], [[0.3, 0.3], [0.4, 0.4]]])
    report = np.array([[[0.9, 0.9], [0.4, 0.5]], [[0.8, 0.8], [0.7, 0.7]]])
    best = best_cell(_surface(select, report, GRID_WD))
    assert (best.lr, best.wd) == (1e-3, 0.1)
    assert best.top1 == pytest.approx(0.45)
    assert best.seed_sd == pytest.approx(np.std([0.4, 0.5], ddof=1))


def test_ties_go_to_the_lowest_lr_then_wd() -> None:
    values = np.full((2, 2, 3), 0.5)
    best = best_cell(_surface(values, values, GRID_WD))
    assert (best.lr, best.wd) == (1e-3, 0.0)


def test_no_run_and_one_seed() -> None:
    nothing = np.full((2, 2, 2), np.nan)
    assert np.isnan(best_cell(_surface(nothing, nothing, GRID_WD)).top1)
    one = np.full((2, 2, 1), 0.5)
    assert np.isnan(best_cell(_surface(one, one, GRID_WD)).seed_sd)


@pytest.mark.parametrize("rng", range(4))
def test_interval_re_selects_both_in_each_draw(rng: int) -> None:
    generator = np.random.default_rng(rng)
    grid = _surface(generator.random((2, 2, 3)), generator.random((2, 2, 3)), GRID_WD)
    line = _surface(generator.random((2, 1, 3)), generator.random((2, 1, 3)), LINE_WD)
    gaps = []
    for draw in np.ndindex(3, 3, 3):
        top1 = []
        for surface in (grid, line):
            select = surface.select[..., list(draw)].mean(axis=-1)
            report = surface.report[..., list(draw)].mean(axis=-1)
            top1.append(report.ravel()[select.argmax()])
        gaps.append(top1[0] - top1[1])
    expected = np.percentile(gaps, [2.5, 97.5], method="inverted_cdf")
    np.testing.assert_allclose(gap_interval(grid, line, 0.95), expected)


def test_other_seeds_are_refused() -> None:
    values = np.full((2, 2, 2), 0.5)
    grid = _surface(values, values, GRID_WD)
    line = Surface(grid.lr, LINE_WD, values[:, :1], values[:, :1], np.array([5, 6]))
    with pytest.raises(DataError, match="the line's seeds"):
        gap_interval(grid, line, 0.95)
