"""Selects the best weight decay by the mean over seeds: the paper's lambda*(eta)."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.surface import Floats, Ints, Surface

# Means that differ by less are tied. The value is far below the effect of one image and far above the rounding error of
# a sum, so the order of summation has no effect.
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Selection:
    """The selected weight decay of each lr, without resampling of the seeds.

    Args:
        index: column of the selected wd, -1 if the lr has no run; (L,).
        wd: the selected weight decay lambda*, NaN if there is none; (L,).
        num_tied: number of weight decays with the best mean; (L,).
        edge: ``zero`` (wd is 0), ``low``, ``high`` (smallest, largest wd with a run), ``interior``, or empty if the lr
            has no run; (L,).
    """

    index: Ints
    wd: Floats
    num_tied: Ints
    edge: tuple[str, ...]


def seed_means(values: Floats, counts: Floats | Ints) -> Floats:
    """Mean over the available seeds in each resample.

    Args:
        values: NaN where missing; (..., S).
        counts: count of each seed in each resample; (R, S).

    Returns:
        Means, NaN if a resample has no value; (R, ...).
    """
    present = np.isfinite(values)
    weight = np.asarray(counts, dtype=float).T
    total = np.where(present, values, 0.0) @ weight
    number = present.astype(float) @ weight
    means = np.full(total.shape, np.nan)
    np.divide(total, number, out=means, where=number > 0)
    return np.moveaxis(means, -1, 0)


def first_best(means: Floats) -> Ints:
    """Index of the largest mean along the last axis, the first one if tied; -1 if all are NaN.

    For ascending weight decays it selects the lowest wd of a tie, as pandas' ``idxmax`` does in the paper's script.
    """
    filled = np.where(np.isnan(means), -np.inf, means)
    best = filled.max(axis=-1, keepdims=True)
    index = np.argmax(filled >= best - TIE, axis=-1)
    return np.where(np.isfinite(best[..., 0]), index, -1).astype(np.int64)


def optimal_wd(surface: Surface, counts: Floats | Ints) -> Floats:
    """The best weight decay of each lr in each resample.

    lambda*(eta) = argmax_lambda mean_seeds a(eta, lambda)

    Args:
        surface: the accuracies; ``select`` is used.
        counts: count of each seed in each resample; (R, S).

    Returns:
        lambda*, NaN if an lr has no run in a resample; (R, L).

    Source: paper §3.2; its script, ``find_optimal_wd``.
    """
    index = first_best(seed_means(surface.select, counts))
    rows = np.arange(len(surface.lr))
    return np.where(index >= 0, surface.wd[rows, np.maximum(index, 0)], np.nan)


def select_wd(surface: Surface) -> Selection:
    """Select the weight decay of each lr from all of its seeds, each counted once."""
    if surface.num_seeds == 0:
        raise DataError("surface: it has no seed")
    means = seed_means(surface.select, np.ones((1, surface.num_seeds)))[0]
    index = first_best(means)
    wd = np.full(len(index), np.nan)
    num_tied = np.zeros(len(index), dtype=np.int64)
    edges = [""] * len(index)
    for row in np.flatnonzero(index >= 0):
        offered = np.flatnonzero(np.isfinite(means[row]))
        wd[row] = surface.wd[row, index[row]]
        num_tied[row] = np.sum(means[row, offered] >= means[row, offered].max() - TIE)
        if wd[row] == 0:
            edges[row] = "zero"
        elif index[row] == offered[0]:
            edges[row] = "low"
        else:
            edges[row] = "high" if index[row] == offered[-1] else "interior"
    return Selection(index=index, wd=wd, num_tied=num_tied, edge=tuple(edges))
