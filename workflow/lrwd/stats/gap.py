"""Cost of tuning only the learning rate: best accuracy of the grid minus best accuracy on the line wd = rho·lr."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.bootstrap import percentile_interval, seed_multisets
from lrwd.stats.selection import TIE, first_best, seed_means
from lrwd.stats.surface import Floats, Ints, Surface


@dataclass(frozen=True)
class BestCell:
    """The grid point with the best seed mean of ``select``; all values are NaN if there is no run.

    Args:
        lr, wd: the grid point.
        top1: its seed mean of ``report``, a fraction.
        seed_sd: its standard deviation of ``report`` over seeds, a fraction; NaN with fewer than 2 seeds.
        num_seeds: number of its seeds with a ``report``.
    """

    lr: float
    wd: float
    top1: float
    seed_sd: float
    num_seeds: int


def best_cell(surface: Surface) -> BestCell:
    """Select the best grid point of a surface; if tied, the one with the lowest lr, then the lowest wd."""
    index, top1 = _best(surface, np.ones((1, surface.num_seeds)))
    nan = float("nan")
    if index[0] < 0:
        return BestCell(nan, nan, nan, nan, 0)
    row, column = np.unravel_index(int(index[0]), surface.wd.shape)
    values = surface.report[row, column]
    values = values[np.isfinite(values)]
    seed_sd = float(values.std(ddof=1)) if len(values) > 1 else nan
    return BestCell(float(surface.lr[row]), float(surface.wd[row, column]), float(top1[0]), seed_sd, len(values))


def gap_interval(grid: Surface, line: Surface, level: float) -> tuple[float, float]:
    """Percentile interval of Gap_1D = a*_2D - a*_1D; both are selected again in each resample of the seeds.

    Args:
        grid: the two-dimensional grid.
        line: the runs on wd = rho·lr, with the same seeds.
        level: confidence level, in (0, 1).

    Returns:
        (low, high), fractions.

    Raises:
        DataError: grid and line have different seeds, or too many seeds to enumerate.

    Source: paper §3.4 and §4.3.
    """
    if not np.array_equal(grid.seeds, line.seeds):
        raise DataError(f"gap: the line's seeds are {line.seeds}; allowed: the grid's, {grid.seeds}")
    counts, probability = seed_multisets(grid.num_seeds)
    gaps = difference(_best(grid, counts)[1], _best(line, counts)[1])
    return percentile_interval(gaps, probability, level)


def difference(best_2d: Floats, best_1d: Floats) -> Floats:
    """Gap_1D = a*_2D - a*_1D. A difference within rounding error (same runs, summed in another order) is set to 0."""
    gap = best_2d - best_1d
    return np.where(np.abs(gap) <= TIE, 0.0, gap)


def _best(surface: Surface, counts: Floats | Ints) -> tuple[Ints, Floats]:
    """Flat index of the best grid point of each resample (-1 if none) and its mean of ``report``; (R,)."""
    selecting = seed_means(surface.select, counts).reshape(len(counts), -1)
    reported = seed_means(surface.report, counts).reshape(len(counts), -1)
    index = first_best(selecting)
    top1 = reported[np.arange(len(counts)), np.maximum(index, 0)]
    return index, np.where(index >= 0, top1, np.nan)
