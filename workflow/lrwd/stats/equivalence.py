"""Equivalence by two one-sided tests (TOST): tests whether a difference lies within a margin around 0."""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from lrwd.stats.interval import mean_of
from lrwd.stats.surface import Floats


@dataclass(frozen=True)
class Paired:
    """Mean of paired differences, its t interval, and p of the null hypothesis |mean| >= margin; NaN if undefined."""

    mean: float
    ci_low: float
    ci_high: float
    p: float
    num_pairs: int


def paired_tost(differences: Floats, margin: float, level: float) -> Paired:
    """Mean of the differences, its t interval, and the larger p of the tests of mean <= -margin and mean >= margin.

    Args:
        differences: one per pair; NaN is left out; (N,).
        margin: positive, in the same unit.
        level: confidence level of the interval, in (0, 1).

    Returns:
        Interval and p are NaN with fewer than 2 pairs; p is also NaN if the differences do not vary.

    Source: Schuirmann (1987); statsmodels ``DescrStatsW.ttost_mean``.
    """
    kept = differences[np.isfinite(differences)]
    nan = float("nan")
    if len(kept) < 2:
        return Paired(mean_of(kept) if len(kept) else nan, nan, nan, nan, len(kept))
    described = DescrStatsW(kept)
    mean = mean_of(kept)
    # If the differences are equal, their spread is only rounding error, and a p-value would be meaningless.
    if np.ptp(kept) <= 1e-12 * max(float(np.max(np.abs(kept))), margin):
        return Paired(mean, mean, mean, nan, len(kept))
    low, high = described.tconfint_mean(1 - level)
    return Paired(mean, float(low), float(high), float(described.ttost_mean(-margin, margin)[0]), len(kept))


def tost(estimate: float, error: float, df: float, margin: float) -> float:
    """The larger p of the one-sided t tests of a difference <= -margin and >= margin; NaN without a standard error.

    Args:
        estimate: the difference; error: its standard error; df: degrees of freedom of that error.
        margin: positive.

    Source: Schuirmann (1987).
    """
    if not error > 0 or not df > 0:
        return float("nan")
    return float(max(stats.t.sf((estimate + margin) / error, df), stats.t.cdf((estimate - margin) / error, df)))
