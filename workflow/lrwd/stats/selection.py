"""Choosing the best weight decay by the mean over seeds: the paper's lambda*(eta)."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.surface import Floats, Ints, Surface

# Means that differ by less are tied: far below one image, far above the error of a float sum, so that
# the order of summation cannot decide.
TIE = 1e-12


@dataclass(frozen=True, eq=False)
class Selection:
    """The chosen weight decay of each lr, for the seeds as they are.

    Args:
        index: column of the chosen wd, -1 where the lr has no run; (L,).
        wd: the chosen weight decay lambda*, NaN where there is none; (L,).
        num_tied: how many weight decays share the best mean; (L,).
        edge: ``zero`` (wd is 0), ``low``, ``high`` (smallest, largest wd with a run), ``interior``, or
            empty where there is none; (L,).
    """

    index: Ints
    wd: Floats
    num_tied: Ints
    edge: tuple[str, ...]


def seed_means(values: Floats, counts: Floats | Ints) -> Floats:
    """Mean over the seeds that are present, once for each resample.

    Args:
        values: NaN where missing; (..., S).
        counts: how often each seed occurs in each resample; (R, S).

    Returns:
        Means, NaN where a resample has no value; (R, ...).
    """
    present = np.isfinite(values)
    weight = np.asarray(counts, dtype=float).T
    total = np.where(present, values, 0.0) @ weight
    number = present.astype(float) @ weight
    means = np.full(total.shape, np.nan)
    np.divide(total, number, out=means, where=number > 0)
    return np.moveaxis(means, -1, 0)


def first_best(means: Floats) -> Ints:
    """Position of the largest mean along the last axis; the first of those tied; -1 if all are NaN.

    On weight decays in ascending order this is pandas' ``idxmax`` of the paper's script: the lowest wd
    wins a tie.
    """
    filled = np.where(np.isnan(means), -np.inf, means)
    best = filled.max(axis=-1, keepdims=True)
    index = np.argmax(filled >= best - TIE, axis=-1)
    return np.where(np.isfinite(best[..., 0]), index, -1).astype(np.int64)


def optimal_wd(surface: Surface, counts: Floats | Ints) -> Floats:
    """The best weight decay of each lr in each resample.

    lambda*(eta) = argmax_lambda mean_seeds a(eta, lambda)

    Args:
        surface: the accuracies; those that select are used.
        counts: how often each seed occurs in each resample; (R, S).

    Returns:
        lambda*, NaN where a resample leaves an lr without a run; (R, L).

    Source: paper §3.2; its script, ``find_optimal_wd``.
    """
    index = first_best(seed_means(surface.select, counts))
    rows = np.arange(len(surface.lr))
    return np.where(index >= 0, surface.wd[rows, np.maximum(index, 0)], np.nan)


def select_wd(surface: Surface) -> Selection:
    """Choose the weight decay of each lr from all its seeds, each once."""
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
