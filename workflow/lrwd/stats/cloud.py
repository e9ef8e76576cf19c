"""Runs of a random or Bayesian search, where hardly any learning rate occurs twice, as rows of nearby ones."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.row_fit import DIRECTIONS, Cells, fit_cells
from lrwd.stats.row_ridge import MIN_ROWS, RowRidge
from lrwd.stats.surface import Floats, Ints

# Learning rates within so many ln units share a row, if that gives rows of so many runs (median) ...
NEAR, ENOUGH = 0.35, 6
# ... else rows of this many runs whatever their width. At most so many rows.
_WIDE_RUNS, _MAX_ROWS = 12, 30
# Runs within so many ln units of wd share a cell in rows of more than _SINGLE runs; at most _MAX_CELLS cells a row,
# and so many runs a cell, evenly chosen: beyond that the model error dominates.
_CELL, _SINGLE, _MAX_CELLS, _MAX_RUNS = 0.15, 40, 40, 200
# Fits with the row's weight decays sheared along the ridge that the fit before found.
_SHEARS = 2


class _Runs(NamedTuple):
    """Runs with decay sorted by ln eta, and their rows; (N,) each; y: higher is better."""

    x: Floats
    z: Floats
    y: Floats
    row: Ints


def is_cloud(lr: Floats, wd: Floats) -> bool:
    """Whether runs have too few learning rates with three weight decays each to be a grid; (N,) each."""
    found = np.unique(np.stack([lr, wd], axis=1)[np.asarray(wd) > 0], axis=0)
    repeats = np.unique(found[:, 0], return_counts=True)[1]
    return int((repeats >= 3).sum()) < MIN_ROWS


def fit_cloud(lr: Floats, wd: Floats, y: Floats, *, direction: str = "max", unit: float | None = None) -> RowRidge:
    """Estimate the ridge from scattered runs.

    Runs with nearby learning rates share a row. Within it the response may vary linearly with ln eta,
    y = alpha + beta·(x - x_row) - g(z' - m), and the weight decays are moved along the ridge to the row's learning
    rate, z' = z - slope·(x - x_row), with the local slope of a fit before. Where runs are too sparse for rows within
    .35 ln units, rows are wide and the response in them is quadratic in ln eta: a smooth height over ln eta. Rows of
    many runs are aggregated to cells of .15 ln units of wd, whose spread then tells the noise.

    Args:
        lr, wd: of the runs; (N,). Runs with wd = 0 are left out.
        y: responses, NaN or infinite where a run failed: left out; (N,).
        direction, unit: see ``fit_row_likelihood``.

    Returns:
        As of ``fit_row_likelihood``; ``rows_from`` says how the rows were made, and ``num_rows`` counts them.

    Raises:
        DataError: a shape, a learning rate or the direction is not as stated.

    Source: ours.
    """
    if direction not in DIRECTIONS:
        raise DataError(f"Unknown direction {direction!r}. Available: {', '.join(DIRECTIONS)}")
    if not lr.shape == wd.shape == y.shape or lr.ndim != 1:
        raise DataError(f"lr {lr.shape}, wd {wd.shape} and y {y.shape} do not fit; allowed: (N,) each")
    kept = np.isfinite(y) & np.isfinite(lr) & np.isfinite(wd) & (wd > 0)
    if np.any(lr[kept] <= 0):
        raise DataError("cloud: a learning rate is not positive; allowed: lr > 0")
    if not kept.any():
        return RowRidge(reason="no runs with weight decay", direction=direction)
    order = np.lexsort((wd[kept], lr[kept]))
    x, z = np.log(lr[kept][order]), np.log(wd[kept][order])
    higher = (y if direction == "max" else -y)[kept][order]
    row, is_wide = _assign(x)
    runs = _Runs(x, z, higher, row)
    centre = np.array([x[row == i].mean() for i in range(row.max() + 1)])
    ridge = fit_cells(_cells(runs, centre, np.zeros(len(centre)), is_wide), direction=direction, unit=unit)
    for _ in range(_SHEARS):
        if ridge.posterior is None:
            break
        slopes = _local_slopes(ridge, centre)
        ridge = fit_cells(_cells(runs, centre, slopes, is_wide), direction=direction, unit=unit)
    width = max(float(np.ptp(x[row == i])) for i in range(len(centre)))
    kind = "a smooth height over ln eta" if is_wide else "near learning rates share a row"
    text = f"{kind}: {len(centre)} rows, at most {width:.2g} ln units wide"
    source = ridge.noise_source if ridge.noise_source.startswith("residuals") else "spread of runs within cells"
    return replace(ridge, rows_from=text, noise_source=source, num_runs=len(x))


def _assign(x: Floats) -> tuple[Ints, bool]:
    """Row of each run (x ascending), and whether rows had to be wider than ``NEAR``."""
    span = float(x[-1] - x[0])
    num = max(int(np.ceil(span / NEAR)), 1)
    if num <= _MAX_ROWS:
        narrow = np.minimum((x - x[0]) / max(span, 1e-12) * num, num - 1).astype(np.int64)
        sizes = np.unique(narrow, return_counts=True)[1]
        if np.median(sizes) >= ENOUGH:
            return np.unique(narrow, return_inverse=True)[1].astype(np.int64), False
    num = int(np.clip(len(x) // _WIDE_RUNS, 1, _MAX_ROWS))
    return np.arange(len(x)) * num // len(x), True


def _local_slopes(ridge: RowRidge, centre: Floats) -> Floats:
    """Posterior mean of the local slope at each row."""
    if ridge.posterior is None:
        return np.zeros(len(centre))
    basis = ridge.posterior.basis
    factor = 2 * basis.straight(centre) - basis.linear
    return ridge.posterior.mean("b") + factor * ridge.posterior.mean("q")


def _cells(runs: _Runs, centre: Floats, slopes: Floats, is_wide: bool) -> Cells:
    """Runs as cells: each its own, or aggregated where a row has many."""
    parts = []
    for i, middle in enumerate(centre):
        own = runs.row == i
        away = runs.x[own] - middle
        z = runs.z[own] - slopes[i] * away
        order = np.argsort(z, kind="stable")
        parts.append((z[order], away[order], runs.y[own][order], _groups(z[order])))
    width = max(int(group[-1]) + 1 for *_, group in parts)
    depth = min(max(int(np.bincount(group).max()) for *_, group in parts), _MAX_RUNS)
    num = len(centre)
    z_cells, nuisance = np.full((num, width), np.nan), np.zeros((num, width, 3 if is_wide else 2))
    y_cells = np.full((num, width, depth), np.nan)
    for i, (z, away, y, group) in enumerate(parts):
        for j, cell in enumerate(np.split(np.arange(len(z)), np.flatnonzero(np.diff(group)) + 1)):
            chosen = cell[np.unique(np.linspace(0, len(cell) - 1, min(len(cell), depth)).round().astype(int))]
            z_cells[i, j] = z[chosen].mean()
            y_cells[i, j, : len(chosen)] = y[chosen]
            nuisance[i, j] = [(away[chosen] ** power).mean() for power in range(nuisance.shape[2])]
    return Cells(centre, z_cells, y_cells, nuisance, paired=False)


def _groups(z: Floats) -> Ints:
    """Cell of each run, ascending from 0 without gaps; z ascending."""
    if len(z) <= _SINGLE:
        return np.arange(len(z))
    step = max(_CELL, float(z[-1] - z[0]) / _MAX_CELLS)
    place = ((z - z[0]) / step).astype(np.int64)
    return np.unique(place, return_inverse=True)[1].astype(np.int64)
