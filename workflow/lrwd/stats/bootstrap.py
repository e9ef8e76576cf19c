"""The bootstrap over seeds without Monte Carlo error: every distinct resample, with its probability.

Drawing n seeds from n with replacement gives one of C(2n-1, n) multisets. Enumerating them is exact,
and for n = 5 (126 multisets) far cheaper than a loop over 10,000 resamples. A percentile interval from
5 seeds nevertheless covers only about 84% even for a mean: exact is not the same as truthful.
"""

from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb, factorial

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.surface import Floats, Ints

# 8 seeds have 6,435 multisets; each further seed nearly quadruples them, in time and memory.
MAX_SEEDS = 8
# Probabilities are multiples of n**-n, at least 6e-8 apart for n <= 8: this only absorbs rounding.
_SAME_PROBABILITY = 1e-12


def no_interval_reason(num_seeds: int) -> str:
    """Why a bootstrap interval over this many seeds is undefined; empty if it is defined."""
    if num_seeds < 2:
        return f"{num_seeds} seed, so nothing to resample"
    if num_seeds > MAX_SEEDS:
        count = comb(2 * num_seeds - 1, num_seeds)
        return f"{num_seeds} seeds have {count:,} resamples, enumerated for at most {MAX_SEEDS} seeds"
    return ""


@lru_cache(maxsize=MAX_SEEDS)
def seed_multisets(num_seeds: int) -> tuple[Ints, Floats]:
    """Enumerate the distinct bootstrap resamples of n seeds.

    P(c_1, …, c_n) = n! / (c_1! … c_n!) · n**-n

    Args:
        num_seeds: n, from 1 to MAX_SEEDS.

    Returns:
        How often each seed occurs in each resample, (R, n), and each resample's probability, (R,),
        with R = C(2n-1, n). Both are read-only, being shared.

    Raises:
        DataError: n is outside 1…MAX_SEEDS.

    Source: Fisher & Hall (1991), exact enumeration of bootstrap samples.
    """
    if not 1 <= num_seeds <= MAX_SEEDS:
        raise DataError(f"num_seeds is {num_seeds}; allowed: 1 to {MAX_SEEDS} (exact enumeration)")
    draws = combinations_with_replacement(range(num_seeds), num_seeds)
    counts = np.array([np.bincount(draw, minlength=num_seeds) for draw in draws], dtype=np.int64)
    factorials = np.array([factorial(count) for count in range(num_seeds + 1)], dtype=float)
    ways = factorial(num_seeds) / np.prod(factorials[counts], axis=1)
    probability = ways / float(num_seeds**num_seeds)
    counts.setflags(write=False)
    probability.setflags(write=False)
    return counts, probability


def weighted_percentile(values: Floats, probability: Floats, percent: float) -> float:
    """Percentile of a discrete distribution: the limit of the Monte Carlo percentile.

    q = inf {x : F(x) >= percent/100}; where F equals it exactly, the midpoint to the next value, about
    which the Monte Carlo percentile then scatters evenly.

    Args:
        values: (R,); NaN (undefined in that resample) is left out and the rest renormalised.
        probability: (R,).
        percent: in (0, 100).

    Returns:
        The percentile; NaN if every value is.

    Raises:
        DataError: percent is outside (0, 100).
    """
    if not 0 < percent < 100:
        raise DataError(f"percent is {percent}; allowed: between 0 and 100, both exclusive")
    defined = np.isfinite(values)
    if not np.any(defined):
        return float("nan")
    order = np.argsort(values[defined], kind="stable")
    sorted_values = values[defined][order]
    cumulated = np.cumsum(probability[defined][order])
    cumulated /= cumulated[-1]
    target = percent / 100
    first = int(np.searchsorted(cumulated, target - _SAME_PROBABILITY))
    if abs(cumulated[first] - target) <= _SAME_PROBABILITY:
        return float((sorted_values[first] + sorted_values[first + 1]) / 2)
    return float(sorted_values[first])


def percentile_interval(values: Floats, probability: Floats, level: float) -> tuple[float, float]:
    """Two-sided percentile interval at a confidence level in (0, 1); NaN if every value is."""
    tail = 50 * (1 - level)
    low = weighted_percentile(values, probability, tail)
    return low, weighted_percentile(values, probability, 100 - tail)


def standard_error(values: Floats, probability: Floats) -> float:
    """Standard deviation of the bootstrap distribution, over the resamples that are not NaN.

    Returns:
        The standard error; exactly 0 where the values differ by rounding only; NaN if every value is.
    """
    defined = np.isfinite(values)
    if not np.any(defined):
        return float("nan")
    kept, weight = values[defined], probability[defined] / probability[defined].sum()
    mean = float(weight @ kept)
    error = float(np.sqrt(weight @ (kept - mean) ** 2))
    return error if error > 1e-12 * float(np.max(np.abs(kept))) else 0.0
