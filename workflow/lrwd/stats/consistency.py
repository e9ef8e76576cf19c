"""Consistency checks of published numbers: recomputations that need no data except these numbers."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from lrwd.errors import DataError
from lrwd.stats.ratio import log_slopes, origin_slopes
from lrwd.stats.surface import Floats

# All maps are in memory at once: 8**6 = 262,144 maps take 40 MB.
MAX_MAPS = 2_000_000
_GAMMAS = 20_001


@dataclass(frozen=True, eq=False)
class Maps:
    """Every map eta -> lambda* that is possible on a grid, with the results of the paper's procedure for it.

    Args:
        wd: lambda* of each map; (M, L).
        rho: slope through the origin; (M,).
        r2: R2 of that fit, as defined in the paper's script; (M,).
        b: log-log slope, NaN if a lambda* is 0; (M,).
    """

    wd: Floats
    rho: Floats
    r2: Floats
    b: Floats


def enumerate_maps(lr: Floats, wd: Floats) -> Maps:
    """List every choice of one weight decay for each learning rate, with its rho, R2 and b.

    Args:
        lr: (L,).
        wd: the grid's weight decays, the same at each lr; (W,).

    Raises:
        DataError: there are more than MAX_MAPS of them.
    """
    number = len(wd) ** len(lr)
    if number > MAX_MAPS:
        raise DataError(f"{len(wd)} wd at {len(lr)} lr give {number:,} maps; allowed: at most {MAX_MAPS:,}")
    chosen = wd[np.indices((len(wd),) * len(lr)).reshape(len(lr), -1).T]
    rho = origin_slopes(lr, chosen)
    residual = ((chosen - rho[:, None] * lr) ** 2).sum(axis=1)
    # Exact comparison, as in ``fit_ratio``, since the centred sum of equal numbers may not be exactly 0.
    varies = np.any(chosen != chosen[:, :1], axis=1)
    total = ((chosen - chosen.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    r2 = np.zeros(number)
    np.divide(total - residual, total, out=r2, where=varies)
    return Maps(chosen, rho, r2, log_slopes(lr, chosen))


def origin_weights(lr: Floats) -> Floats:
    """Leverage of each learning rate in the fit through the origin, h_i = eta_i**2 / sum(eta**2); (L,)."""
    return lr**2 / np.sum(lr**2)


def p_range(estimate: float, half_width: float, null: float, unit: float, df: float) -> tuple[float, float]:
    """Range of the two-sided p-values that are compatible with a printed estimate and interval, given their rounding.

    t = |estimate - null| / SE with SE = half width / z(0.975)

    Args:
        estimate, half_width: as printed; the interval is a 95% one.
        null: the tested value.
        unit: unit of the last printed digit; each number has a rounding error of up to half a unit.
        df: degrees of freedom of t; infinity for the normal.
    """
    z = float(stats.norm.ppf(0.975))
    far, slack = abs(estimate - null), unit / 2
    statistics = (
        z * max(far - slack, 0.0) / (half_width + slack),
        z * (far + slack) / max(half_width - slack, 1e-300),
    )
    high, low = (float(2 * stats.t.sf(value, df)) for value in statistics)
    return low, high


def common_relative_width(estimate: Floats, half_width: Floats, unit: float) -> tuple[float, float]:
    """Range of factors c for which every half width is c · estimate within rounding; low > high if there is none."""
    low = np.max((half_width - unit / 2) / (estimate + unit / 2))
    high = np.min((half_width + unit / 2) / (estimate - unit / 2))
    return float(low), float(high)


@dataclass(frozen=True)
class Dispersion:
    """Spread of estimates against their own intervals: Q, its degrees of freedom, P(chi2 <= Q)."""

    q: float
    df: int
    p_lower: float


def dispersion(estimates: list[Floats], half_widths: list[Floats]) -> Dispersion:
    """Cochran's Q for sets of independent estimates, each set with its own mean; lower-tail test.

    Q = sum (x_i - mean)**2 / SE_i**2, mean weighted by 1/SE_i**2, SE_i = half width / z(0.975)

    Args:
        estimates: one array (N,) for each quantity.
        half_widths: half widths of their 95% intervals, in the same arrangement.

    Source: Cochran (1954), Biometrics 10, 101-129; the lower tail tests for too little spread.
    """
    q, df = 0.0, 0
    for value, half in zip(estimates, half_widths, strict=True):
        weight = (float(stats.norm.ppf(0.975)) / half) ** 2
        mean = float(weight @ value / weight.sum())
        q += float(weight @ (value - mean) ** 2)
        df += len(value) - 1
    return Dispersion(q, df, float(stats.chi2.cdf(q, df)))


@dataclass(frozen=True)
class CurveTest:
    """A curve fitted to printed means, and a test of whether it is compatible with their intervals."""

    beta: float
    gamma: float
    chi2: float
    df: int
    p: float
    residuals: tuple[float, ...]


def curve_test(ln_kappa: Floats, drop: Floats, half_width: Floats, power: float) -> CurveTest:
    """Fit beta·max(|ln kappa| - gamma, 0)**power, weighted by the printed intervals, and test the residuals.

    Args:
        ln_kappa: (K,), without the reference.
        drop: (K,).
        half_width: half widths of the 95% intervals; (K,).
        power: 2 is the paper's form, 1 a hinge.

    Source: paper §3.3 for power 2.
    """
    weight = (float(stats.norm.ppf(0.975)) / half_width) ** 2
    distance = np.abs(ln_kappa)
    # Up to the second largest distance; with a larger gamma only the points at the largest distance remain.
    gamma = np.linspace(0.0, float(np.unique(np.round(distance, 9))[-2]), _GAMMAS)[:-1]
    h = np.maximum(distance - gamma[:, None], 0.0) ** power
    beta = np.maximum((h * weight) @ drop / (h**2 @ weight), 0.0)
    chi2 = (drop - beta[:, None] * h) ** 2 @ weight
    best = int(np.argmin(chi2))
    df = len(drop) - 2
    residuals = drop - beta[best] * h[best]
    return CurveTest(
        beta=float(beta[best]),
        gamma=float(gamma[best]),
        chi2=float(chi2[best]),
        df=df,
        p=float(stats.chi2.sf(chi2[best], df)),
        residuals=tuple(float(value) for value in residuals),
    )


def adamw_fixed_point(lr: float, wd: float, optimum: float, num_steps: int) -> float:
    """Fixed point of preconditioned descent with decoupled decay on L = (theta - optimum)**2 / 2, with P = 1.

    theta <- (1 - eta·lambda)·theta - eta·P·grad L; the fixed point P·grad L + lambda·theta = 0 does not depend on eta

    Source: paper §3.5 for the update; theta_{t+1} = theta_t gives the fixed point.
    """
    theta = 0.0
    for _ in range(num_steps):
        theta = (1 - lr * wd) * theta - lr * (theta - optimum)
    return theta
