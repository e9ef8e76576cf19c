"""Choosing on some seeds and scoring on the others, so that a score owes nothing to having been chosen."""

import numpy as np

from lrwd.stats.selection import first_best, seed_means
from lrwd.stats.surface import Floats


def cross_fitted(select: Floats, report: Floats) -> Floats:
    """Score of each seed at the cell that all other seeds choose.

    score_s = report[argmax_c mean_{s' != s} select[c, s'], s]

    Args:
        select: what chooses, a fraction, NaN where missing; (C, S). Of tied cells the first is chosen.
        report: what is scored, likewise; (C, S).

    Returns:
        Scores, NaN where the others have no run, or the seed none at the chosen cell; (S,).

    Source: leave-one-out cross-validation of the selection (Stone, 1974), seeds being the samples.
    """
    num_seeds = select.shape[1]
    index = first_best(seed_means(select, 1 - np.eye(num_seeds)))
    scores = report[np.maximum(index, 0), np.arange(num_seeds)]
    return np.where(index >= 0, scores, np.nan)


def chosen(select: Floats, report: Floats) -> Floats:
    """Score of each seed at the cell that all seeds together choose: the usual way; arguments as above, (S,)."""
    index = int(first_best(seed_means(select, np.ones((1, select.shape[1]))))[0])
    return report[index] if index >= 0 else np.full(select.shape[1], np.nan)
