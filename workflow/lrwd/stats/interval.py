"""Normal-theory intervals: for the mean of independent values, and for a standard deviation pooled over groups."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lrwd.stats.surface import Floats


@dataclass(frozen=True)
class MeanInterval:
    """A mean, its two-sided interval, and the one-sided p for mean > 0; NaN if undefined."""

    mean: float
    ci_low: float
    ci_high: float
    p_greater: float
    num_values: int


def mean_of(values: Floats) -> float:
    """Mean of (N,) values, at least one and none NaN. A mean within rounding error of 0 is set to exactly 0."""
    mean = float(values.mean())
    return mean if abs(mean) > 1e-12 * float(np.max(np.abs(values))) else 0.0


def mean_interval(values: Floats, level: float) -> MeanInterval:
    """Mean ± t·s/√n, and p = P(T > mean/(s/√n)) with n - 1 degrees of freedom.

    Args:
        values: (N,); NaN is left out.
        level: confidence level, in (0, 1).

    Returns:
        Interval and p are NaN with fewer than 2 values; p is also NaN if the values do not vary.

    Source: paper §4.2, "95% CI over 5 seeds × 5 architectures"; the paper does not state the method.
    """
    kept = values[np.isfinite(values)]
    nan = float("nan")
    if len(kept) == 0:
        return MeanInterval(nan, nan, nan, nan, 0)
    mean = mean_of(kept)
    if len(kept) == 1:
        return MeanInterval(mean, nan, nan, nan, 1)
    df = len(kept) - 1
    error = float(kept.std(ddof=1)) / float(np.sqrt(len(kept)))
    half = float(stats.t.ppf((1 + level) / 2, df)) * error
    # If the values are equal, their spread is only rounding error, and a p-value would be meaningless.
    varies = error > 1e-12 * float(np.max(np.abs(kept)))
    p_greater = float(stats.t.sf(mean / error, df)) if varies else nan
    return MeanInterval(mean, mean - half, mean + half, p_greater, len(kept))


def pooled_sd(sd: Floats, df: Floats, level: float) -> tuple[float, float, float]:
    """Common standard deviation of several groups, with its interval.

    s**2 = sum df_g·sd_g**2 / v,  v = sum df_g;  the interval is s·sqrt(v / chi2_v quantiles)

    Args:
        sd: standard deviation of each group; (G,), at least one group.
        df: degrees of freedom of each, at least 1; (G,).
        level: confidence level, in (0, 1).

    Returns:
        The standard deviation and its two limits.

    Source: standard normal theory; scipy ``chi2``.
    """
    total = float(df.sum())
    pooled = float(np.sqrt(df @ sd**2 / total))
    quantiles = stats.chi2.ppf([(1 + level) / 2, (1 - level) / 2], total)
    low, high = pooled * np.sqrt(total / quantiles)
    return pooled, float(low), float(high)
