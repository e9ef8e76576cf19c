"""Selects on some seeds and scores on the others, so that the score has no selection bias."""

import numpy as np

from lrwd.stats.selection import first_best, seed_means
from lrwd.stats.surface import Floats


def cross_fitted(select: Floats, report: Floats) -> Floats:
    """Score of each seed at the grid point selected by the other seeds.

    score_s = report[argmax_c mean_{s' != s} select[c, s'], s]

    Args:
        select: the selecting accuracy, a fraction, NaN where missing; (C, S). The first of tied grid points is taken.
        report: the scored accuracy, a fraction, NaN where missing; (C, S).

    Returns:
        Scores; NaN if the other seeds have no run, or this seed has none at the selected grid point; (S,).

    Source: leave-one-out cross-validation of the selection (Stone, 1974), with seeds as samples.
    """
    num_seeds = select.shape[1]
    index = first_best(seed_means(select, 1 - np.eye(num_seeds)))
    scores = report[np.maximum(index, 0), np.arange(num_seeds)]
    return np.where(index >= 0, scores, np.nan)


def chosen(select: Floats, report: Floats) -> Floats:
    """Score of each seed at the grid point selected by all seeds together, the usual way; (S,). Arguments as above."""
    index = int(first_best(seed_means(select, np.ones((1, select.shape[1]))))[0])
    return report[index] if index >= 0 else np.full(select.shape[1], np.nan)
