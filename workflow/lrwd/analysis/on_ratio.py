"""Accuracies on the rays lambda = kappa·rho·eta: trained there, or else interpolated in the grid."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from lrwd import paper
from lrwd.analysis.surfaces import Group
from lrwd.errors import DataError
from lrwd.stats.ratio import fit_ratio
from lrwd.stats.selection import select_wd
from lrwd.stats.surface import Floats, Ints, Surface

# |ln(wd/wd')| below which two weight decays count as equal, as kappa·rho·lr has rounding errors.
_SAME_LN_WD = 1e-9


@dataclass(frozen=True, eq=False)
class OnRatio:
    """The reported accuracy at lambda = kappa·rho·eta.

    Args:
        lr: (L,).
        kappa: ascending; (K,).
        seeds: (S,).
        report: fractions, NaN where there is neither a run nor a bracket in the grid; (L, K, S).
        trained: whether the value is a run's own; (L, K, S).
        rho: the ratio at kappa = 1; NaN if unknown.
        undefined: why there is no value at all, else empty.
    """

    lr: Floats
    kappa: Floats
    seeds: Ints
    report: Floats
    trained: NDArray[np.bool_]
    rho: float
    undefined: str


def kappas_of(runs: pd.DataFrame) -> Floats:
    """The kappas that a study trained, with 1 as their reference; if none, the paper's seven."""
    trained = runs["kappa"].dropna().unique()
    return np.unique([*trained, 1.0]) if len(trained) else np.array(paper.KAPPAS)


def known_rho(group: Group) -> tuple[float, str]:
    """The ratio at kappa = 1: that of the group's on-ratio runs, else the group's own estimate.

    Returns:
        rho and "", or NaN and why it is unknown.

    Raises:
        DataError: its on-ratio runs were trained with several ratios.
    """
    given = group.runs["rho"].dropna().unique()
    if len(given) > 1:
        raise DataError(f"runs: {group.name} has on-ratio runs with rho {sorted(given)}; allowed: one rho")
    if len(given) == 1:
        return float(given[0]), ""
    if group.grid is None:
        return math.nan, "no on-ratio run, and no grid run to estimate rho from"
    rho = fit_ratio(group.grid.lr, select_wd(group.grid).wd).rho
    if math.isnan(rho):
        return math.nan, "no on-ratio run, and fewer than 2 lr in the grid to estimate rho from"
    if rho == 0:
        return math.nan, "no on-ratio run, and every wd* is 0, so that rho = 0 has no multiples"
    return rho, ""


def on_ratio(group: Group, kappas: Floats) -> OnRatio:
    """Collect a group's accuracies on the rays, each kappa at every learning rate and seed.

    A missing run is replaced by monotone (PCHIP) interpolation in ln wd of the grid's accuracies at the
    same lr and seed, inside the range of its positive wd; outside it there is no value.

    Source: Fritsch & Butland (1984) for the interpolation; it is ours, not the paper's.
    """
    rho, reason = known_rho(group)
    runs = group.runs[group.runs["kappa"].notna()]
    grid_lr = group.grid.lr if group.grid is not None else np.array([])
    grid_seeds = group.grid.seeds if group.grid is not None else np.array([], dtype=np.int64)
    lr = np.union1d(runs["lr"].to_numpy(dtype=float), grid_lr)
    seeds = np.union1d(runs["seed"].to_numpy(dtype=np.int64), grid_seeds)
    report = np.full((len(lr), len(kappas), len(seeds)), np.nan)
    where = (
        np.searchsorted(lr, runs["lr"].to_numpy(dtype=float)),
        np.searchsorted(kappas, runs["kappa"].to_numpy(dtype=float)),
        np.searchsorted(seeds, runs["seed"].to_numpy(dtype=np.int64)),
    )
    report[where] = runs["report_top1"].to_numpy(dtype=float)
    trained = np.isfinite(report)
    if group.grid is not None and not math.isnan(rho):
        _fill_from_grid(group.grid, rho, lr, kappas, seeds, report, trained)
    if not reason and not np.isfinite(report).any():
        reason = "no on-ratio run, and kappa·rho·lr lies outside the grid's positive wd at every lr"
    return OnRatio(lr, kappas, seeds, report, trained, rho, reason)


def _fill_from_grid(
    grid: Surface,
    rho: float,
    lr: Floats,
    kappas: Floats,
    seeds: Ints,
    report: Floats,
    trained: NDArray[np.bool_],
) -> None:
    """Fill the NaN of ``report`` in place, and mark in ``trained`` those that the grid itself trained."""
    rows, places = np.searchsorted(lr, grid.lr), np.searchsorted(seeds, grid.seeds)
    for grid_row, row in enumerate(rows):
        target = np.log(kappas * rho * lr[row])
        for grid_place, place in enumerate(places):
            accuracy = grid.report[grid_row, :, grid_place]
            usable = np.isfinite(accuracy) & (np.nan_to_num(grid.wd[grid_row]) > 0)
            missing = np.isnan(report[row, :, place])
            if not usable.any() or not missing.any():
                continue
            ln_wd, known = np.log(grid.wd[grid_row, usable]), accuracy[usable]
            distance = np.abs(target[:, None] - ln_wd)
            same = missing & (distance.min(axis=1) <= _SAME_LN_WD)
            report[row, same, place] = known[distance.argmin(axis=1)[same]]
            trained[row, same, place] = True
            inside = missing & ~same & (target > ln_wd[0]) & (target < ln_wd[-1])
            if inside.any():
                report[row, inside, place] = PchipInterpolator(ln_wd, known)(target[inside])
