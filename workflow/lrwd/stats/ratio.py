"""The ratio rho = lambda*/eta as the paper estimates it: argmax, then ordinary least squares."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lrwd.stats.bootstrap import percentile_interval, seed_multisets, standard_error
from lrwd.stats.selection import optimal_wd
from lrwd.stats.surface import Floats, Surface

# Below 2 learning rates neither a line nor a power law is defined.
MIN_LR = 2


@dataclass(frozen=True)
class RatioFit:
    """Fits of lambda*(eta); NaN if undefined.

    Args:
        rho: slope of the fit through the origin, the rho that the paper reports.
        r2: 1 - (residual sum of squares of the origin fit) / (centred total), 0 if that total is 0.
        rho_with_intercept: slope of lambda* = rho·eta + delta.
        delta: intercept of that fit.
        delta_p: two-sided p of delta = 0, t with num_lr - 2 df; NaN below 3 lr or for an exact fit.
        b: slope of ln lambda* = a + b ln eta; NaN if any lambda* is 0.
        num_lr: number of learning rates with a lambda*.
        num_zero: number of these lambda* that are 0.
    """

    rho: float
    r2: float
    rho_with_intercept: float
    delta: float
    delta_p: float
    b: float
    num_lr: int
    num_zero: int


@dataclass(frozen=True, eq=False)
class RatioBootstrap:
    """Bootstrap distribution of rho and b over seeds; lambda* is selected again in each resample.

    Args:
        rho: NaN if a resample has fewer than 2 lr; (R,).
        b: NaN if a resample has fewer than 2 lr or any lambda* is 0; (R,).
        probability: probability of each resample; (R,).
        rho_ci, b_ci: percentile intervals (low, high); that of b uses the resamples in which b is defined.
        rho_se: bootstrap standard error of rho.
        b_undefined_share: probability that b is undefined.
        num_distinct: number of distinct values of rho.
    """

    rho: Floats
    b: Floats
    probability: Floats
    rho_ci: tuple[float, float]
    b_ci: tuple[float, float]
    rho_se: float
    b_undefined_share: float
    num_distinct: int


def origin_slopes(lr: Floats, wd: Floats) -> Floats:
    """Least-squares slope through the origin of each resample.

    rho = sum(eta · lambda*) / sum(eta**2)

    Args:
        lr: (L,).
        wd: lambda*, NaN where an lr is left out; (R, L).

    Returns:
        rho, NaN with fewer than 2 lr; (R,).

    Source: the paper's script, ``estimate_rho``.
    """
    present = np.isfinite(wd)
    cross = np.where(present, wd, 0.0) @ lr
    square = present.astype(float) @ lr**2
    rho = np.full(len(wd), np.nan)
    np.divide(cross, square, out=rho, where=present.sum(axis=1) >= MIN_LR)
    return rho


def log_slopes(lr: Floats, wd: Floats) -> Floats:
    """Least-squares slope of ln lambda* = a + b ln eta of each resample.

    Args:
        lr: (L,).
        wd: lambda*, NaN where an lr is left out; (R, L).

    Returns:
        b; NaN with fewer than 2 lr or if any lambda* is 0, since log(0) is undefined; (R,).

    Source: paper §3.2.
    """
    present = np.isfinite(wd)
    number = present.sum(axis=1)
    usable = (number >= MIN_LR) & ~np.any(wd == 0, axis=1)
    x = np.where(present, np.log(lr), 0.0)
    # Relative to the largest, so that equal lambda* give a slope of exactly 0 without rounding error.
    positive = present & (wd > 0)
    largest = np.where(positive, wd, 0.0).max(axis=1, initial=0.0, keepdims=True)
    y = np.log(np.divide(wd, largest, out=np.ones_like(wd), where=positive))
    size = np.maximum(number, 1)[:, None]
    dx = np.where(present, x - x.sum(axis=1, keepdims=True) / size, 0.0)
    b = np.full(len(wd), np.nan)
    np.divide((dx * y).sum(axis=1), (dx**2).sum(axis=1), out=b, where=usable)
    # Rounding removes the floating-point error of sums that cancel; adding 0.0 turns -0 into 0.
    return b.round(12) + 0.0


def fit_ratio(lr: Floats, wd: Floats) -> RatioFit:
    """Fit lambda* = rho·eta + delta, lambda* = rho·eta, and the power law.

    Args:
        lr: (L,).
        wd: lambda*, NaN where an lr has none; (L,).

    Source: paper §3.2; R2 and the fit through the origin as in its script, ``estimate_rho``, which always refits
    through the origin, for any p-value of delta.
    """
    kept = np.isfinite(wd)
    x, y = lr[kept], wd[kept]
    num_zero = int(np.sum(y == 0))
    nan = float("nan")
    if len(x) < MIN_LR:
        return RatioFit(nan, nan, nan, nan, nan, nan, len(x), num_zero)
    rho = float(origin_slopes(x, y[None])[0])
    # Exact comparison, since the centred sum of six equal numbers may not be exactly 0.
    constant = bool(np.all(y == y[0]))
    r2 = 0.0 if constant else float(1 - np.sum((y - rho * x) ** 2) / np.sum((y - y.mean()) ** 2))
    slope, delta, delta_p = _with_intercept(x, y)
    b = float(log_slopes(x, y[None])[0])
    return RatioFit(rho, r2, slope, delta, delta_p, b, len(x), num_zero)


def bootstrap_ratio(surface: Surface, level: float) -> RatioBootstrap:
    """Bootstrap rho and b over seeds by enumerating every distinct resample.

    Args:
        surface: the accuracies, with at most ``bootstrap.MAX_SEEDS`` seeds.
        level: confidence level of the intervals, in (0, 1).

    Raises:
        DataError: there are too many seeds to enumerate.

    Source: paper §3.2, which draws 10,000 resamples; enumeration is the limit of infinitely many.
    """
    counts, probability = seed_multisets(surface.num_seeds)
    wd = optimal_wd(surface, counts)
    rho, b = origin_slopes(surface.lr, wd), log_slopes(surface.lr, wd)
    return RatioBootstrap(
        rho=rho,
        b=b,
        probability=probability,
        rho_ci=percentile_interval(rho, probability, level),
        b_ci=percentile_interval(b, probability, level),
        rho_se=standard_error(rho, probability),
        b_undefined_share=float(min(1.0, probability[np.isnan(b)].sum())),
        num_distinct=len(np.unique([f"{value:.9e}" for value in rho[np.isfinite(rho)]])),
    )


def ratio_p_values(rho: float, error: float, null: float, df: int) -> tuple[float, float]:
    """Two-sided p-values of rho = null, from t = (rho - null) / SE(rho).

    Returns:
        p from Student's t with df degrees of freedom, and from the normal distribution; NaN if SE is 0 or NaN.

    Source: paper §3.6, which does not state the reference distribution; its printed values match the normal one.
    """
    if not error > 0 or df < 1:
        return float("nan"), float("nan")
    statistic = abs(rho - null) / error
    return float(2 * stats.t.sf(statistic, df)), float(2 * stats.norm.sf(statistic))


def _with_intercept(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Slope, intercept and the intercept's p of ordinary least squares."""
    dx = x - x.mean()
    sxx = float(np.sum(dx**2))
    slope = float(np.sum(dx * y)) / sxx
    delta = float(y.mean() - slope * x.mean())
    rss = float(np.sum((y - delta - slope * x) ** 2))
    df = len(x) - 2
    # The residuals of an exact fit are rounding error, so delta cannot be tested.
    if df < 1 or rss <= 1e-24 * float(np.sum(y**2)):
        return slope, delta, float("nan")
    error = np.sqrt(rss / df * (1 / len(x) + x.mean() ** 2 / sxx))
    return slope, delta, float(2 * stats.t.sf(abs(delta) / error, df))
