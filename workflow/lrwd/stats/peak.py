"""Locates the accuracy peak of each learning rate in ln wd: a vertex with its error, bounds, or no information."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lrwd.errors import DataError
from lrwd.stats.selection import TIE, seed_means
from lrwd.stats.surface import Floats, Ints, Surface

# Half width of the parabola's window: at most one decade of wd on each side of the best, but at least one grid step.
_REACH = float(np.log(10.0)) * (1 + 1e-9)
# Estimate the noise from grid points within this many steps of the row's maximum; distant grid points do not affect
# the fitted peak.
_STEPS = 2
# p-value of the lack-of-fit test above which a window is accepted. The second value is used if no window passes the
# first. 0.5 instead of 0.05, since real curves are asymmetric, and an undetected misfit shifts the vertex. In
# simulations with asymmetric curves, the coverage of b rose from .90 to .95; with other curves it did not change.
_FITS = (0.5, 0.05)


@dataclass(frozen=True, eq=False)
class Peaks:
    """Information about ln lambda* at each learning rate; see ``find_peaks`` for the kinds.

    Args:
        lr: (L,).
        kind: ``peak``, ``low``, ``high``, ``interval``, ``flat``, or ``""`` if no positive wd has runs; (L,).
        ln_wd: vertex of the parabola, NaN unless the kind is ``peak``; (L,).
        se: standard error of the vertex, NaN unless the kind is ``peak``; (L,).
        curvature: c of accuracy = top - c·(ln wd - ln wd*)**2, fraction per ln**2, NaN unless ``peak``; (L,).
        ln_low, ln_high: bounds of ln lambda*, infinite if there is none; (L,).
        error: standard error of the mean of each grid point, a fraction, NaN where there is no run; (L, W).
        window: the grid points used by the row's parabola; (L, W).
        sigma: standard deviation between seeds at a grid point, a fraction; 0 if it cannot be estimated.
        df: degrees of freedom of sigma; 0 if it cannot be estimated.
    """

    lr: Floats
    kind: tuple[str, ...]
    ln_wd: Floats
    se: Floats
    curvature: Floats
    ln_low: Floats
    ln_high: Floats
    error: Floats
    window: NDArray[np.bool_]
    sigma: float
    df: int

    @property
    def is_peak(self) -> NDArray[np.bool_]:
        """Mask of the lr that have an interior peak; (L,)."""
        return np.array([kind == "peak" for kind in self.kind], dtype=bool)

    @property
    def is_censored(self) -> NDArray[np.bool_]:
        """Mask of the lr that only give bounds on lambda*; (L,)."""
        return np.array([kind in ("low", "high", "interval") for kind in self.kind], dtype=bool)

    @property
    def num_flat(self) -> int:
        """Number of learning rates that give no information about lambda*."""
        return self.kind.count("flat")


class _Vertex(NamedTuple):
    ln_wd: float
    se: float
    curvature: float
    used: Ints


def find_peaks(surface: Surface, level: float) -> Peaks:
    """Locate ln lambda* of each lr by a parabola, or bound it where the accuracy does not fall on both sides.

    accuracy = c0 + c1·ln(wd) + c2·ln(wd)**2,  ln lambda* = -c1/(2·c2)

    If accuracy has a single peak in wd, lambda* is not beyond a wd that is worse than the row's best. The kind depends
    on which wd are significantly worse than the best (multiple comparisons with the best; the noise is pooled over the
    grid points of all rows):

    - ``peak``: some wd on each side of the best is worse, and the curvature c2 is significant. The window is the
      widest one around the best, up to a decade on each side, that a parabola fits within noise. The error is
      Fieller's, which is finite if and only if c2 is significant.
    - ``low``, ``high``: worse wd only above (below) the best, since the best is at the edge of the grid, is 0, or is on
      a plateau that reaches the edge. lambda* is censored: below (above) the nearest worse wd.
    - ``interval``: worse wd on both sides, but c2 is not significant. lambda* is between the nearest worse wd.
    - ``flat``: no wd is significantly worse than the best. The row gives no information.

    A grid point whose seeds vary significantly more than the noise gets its own variance. Without noise every
    difference is significant, so a row has a peak if and only if its best is inside the grid. wd = 0 may be the best,
    but log(0) is undefined, so it cannot serve as a bound.

    Args:
        surface: the accuracies; ``select`` is used.
        level: confidence level of all these tests, in (0, 1).

    Raises:
        DataError: level is outside (0, 1).

    Source: Hsu (1984), multiple comparisons with the best, with Bonferroni's quantile instead of Dunnett's;
    Fieller (1954) for the ratio -c1/(2·c2). Unimodality is our assumption.
    """
    if not 0 < level < 1:
        raise DataError(f"level is {level}; allowed: between 0 and 1, both exclusive")
    count = np.isfinite(surface.select).sum(axis=2).astype(float)
    mean = seed_means(surface.select, np.ones((1, surface.num_seeds)))[0]
    ln_wd = np.log(surface.wd, out=np.full(surface.wd.shape, -np.inf), where=surface.wd > 0)
    best = np.array([_middle_best(row) for row in mean], dtype=np.int64)
    sigma, df = _noise(surface, mean, count, ln_wd, best)
    error = _errors(surface, mean, count, sigma, df, level)
    num = len(surface.lr)
    point, se, curvature = np.full((3, num), np.nan)
    low, high = np.full(num, -np.inf), np.full(num, np.inf)
    window = np.zeros(mean.shape, dtype=bool)
    kinds = [""] * num
    for row in range(num):
        cells = np.flatnonzero((count[row] > 0) & np.isfinite(ln_wd[row]))
        if len(cells) == 0:
            continue
        low[row], high[row] = _bounds(mean[row], error[row], ln_wd[row], best[row], df, level)
        bounded = (bool(np.isfinite(low[row])), bool(np.isfinite(high[row])))
        kinds[row] = {(False, False): "flat", (False, True): "low", (True, False): "high"}.get(bounded, "interval")
        if kinds[row] == "interval":
            centre = int(np.flatnonzero(cells == best[row])[0])
            found = _vertex(ln_wd[row, cells], mean[row, cells], error[row, cells], centre, df, level)
            if found:
                kinds[row] = "peak"
                point[row], se[row], curvature[row] = found.ln_wd, found.se, found.curvature
                window[row, cells[found.used]] = True
    return Peaks(surface.lr, tuple(kinds), point, se, curvature, low, high, error, window, sigma, df)


def _middle_best(mean: Floats) -> int:
    """Index of the maximum; if tied, the (lower) middle one, so that ties do not shift the peak; -1 if all are NaN."""
    offered = np.isfinite(mean)
    if not offered.any():
        return -1
    tied = np.flatnonzero(offered & (np.where(offered, mean, -np.inf) >= np.nanmax(mean) - TIE))
    return int(tied[(len(tied) - 1) // 2])


def _noise(surface: Surface, mean: Floats, count: Floats, ln_wd: Floats, best: Ints) -> tuple[float, int]:
    """Pooled SD between seeds and its df, from the grid points around each best; without replicates, from parabolas.

    sigma**2 = median over grid points of s**2·v / q50(chi2_v), v = n - 1

    The median is used since trainings at some grid points fail now and then. Their SD may be 20 pp instead of 2 pp,
    which would dominate a mean of variances. Half of the degrees of freedom are counted, as the median of exponentially
    distributed variances is half as efficient as the mean.
    """
    near = (np.abs(np.arange(mean.shape[1]) - best[:, None]) <= _STEPS) & (best[:, None] >= 0)
    repeated = near & (count > 1)
    if repeated.any():
        spare = count[repeated] - 1
        squares = np.nansum((surface.select[repeated] - mean[repeated][:, None]) ** 2, axis=1)
        sigma = float(np.sqrt(np.median(squares / special.chdtri(spare, 0.5))))
        df = max(int(spare.sum()) // 2, 1)
    else:
        total, df = 0.0, 0
        for row in range(len(mean)):
            cells = np.flatnonzero(near[row] & (count[row] > 0) & np.isfinite(ln_wd[row]))
            if len(cells) > 3:
                x = ln_wd[row, cells] - ln_wd[row, cells].mean()
                residual = mean[row, cells] - np.polyval(np.polyfit(x, mean[row, cells], 2), x)
                total, df = total + float(residual @ residual), df + len(cells) - 3
        sigma = float(np.sqrt(total / df)) if df else 0.0
    return (sigma, df) if sigma > TIE else (0.0, df)


def _errors(surface: Surface, mean: Floats, count: Floats, sigma: float, df: int, level: float) -> Floats:
    """Standard error of each grid point's mean, from the pooled noise or, if significantly larger, its own noise.

    Returns:
        NaN where there is no run; (L, W).
    """
    variance = np.full(mean.shape, sigma**2)
    repeated = count > 1
    if sigma > 0 and repeated.any():
        spare = count[repeated] - 1
        own = np.nansum((surface.select[repeated] - mean[repeated][:, None]) ** 2, axis=1) / spare
        p = special.fdtrc(spare, df, own / sigma**2)
        variance[repeated] = np.where(p < (1 - level) / len(p), own, sigma**2)
    return np.sqrt(np.divide(variance, count, out=np.full(mean.shape, np.nan), where=count > 0))


def _bounds(mean: Floats, error: Floats, ln_wd: Floats, best: int, df: int, level: float) -> tuple[float, float]:
    """ln wd of the nearest significantly worse wd below and above the best; infinite if there is none."""
    offered = np.flatnonzero(np.isfinite(mean))
    quantile = special.stdtrit(max(df, 1), 1 - (1 - level) / max(len(offered) - 1, 1))
    threshold = quantile * np.hypot(error[best], error[offered])
    worse = offered[mean[best] - mean[offered] > np.maximum(threshold, TIE)]
    worse = worse[np.isfinite(ln_wd[worse])]
    below, above = worse[worse < best], worse[worse > best]
    low = float(ln_wd[below[-1]]) if len(below) else -np.inf
    return low, float(ln_wd[above[0]]) if len(above) else np.inf


def _vertex(ln_wd: Floats, mean: Floats, error: Floats, centre: int, df: int, level: float) -> _Vertex | None:
    """Vertex from the widest window that a parabola fits; None if no window has a significant vertex in its middle."""
    if not 0 < centre < len(ln_wd) - 1:
        return None
    x = ln_wd - ln_wd[centre]
    widest = max(1, int(np.sum(x[centre + 1 :] <= _REACH)), int(np.sum(-x[:centre] <= _REACH)))
    quantile = float(special.stdtrit(max(df, 1), (1 + level) / 2))
    # Without noise all grid points have equal weights, and the covariance is 0.
    noisy = bool(np.all(error > 0))
    weight = 1 / error**2 if noisy else np.ones_like(error)
    candidates: list[tuple[float, _Vertex]] = []
    for reach in range(widest if noisy else 1, 0, -1):
        used = np.arange(max(centre - reach, 0), min(centre + reach + 1, len(x)))
        # The nearest neighbours always belong to the window, other grid points only within _REACH.
        used = used[(np.abs(x[used]) <= _REACH) | (np.abs(used - centre) == 1)]
        design = np.stack([np.ones(len(used)), x[used], x[used] ** 2], axis=1)
        inverse = np.linalg.inv(design.T @ (design * weight[used, None]))
        _, c1, c2 = coefficients = inverse @ (design.T @ (weight[used] * mean[used]))
        vertex = -c1 / (2 * c2) if c2 < 0 else np.inf
        if not x[centre - 1] <= vertex <= x[centre + 1]:
            continue
        # Fieller's confidence set for theta: (c1 + 2·theta·c2)**2 <= q**2·Var(c1 + 2·theta·c2); bounded if a > 0.
        v11, v12, v22 = quantile**2 * noisy * inverse[[1, 1, 2], [1, 2, 2]]
        a, half_b, c = 4 * (c2**2 - v22), 2 * (c1 * c2 - v12), c1**2 - v11
        if not a > 0:
            continue
        se = np.sqrt(max(half_b**2 - a * c, 0.0)) / a / quantile if noisy else 0.0
        found = _Vertex(float(ln_wd[centre] + vertex), float(se), float(-c2), used)
        spare, excess = len(used) - 3, float(weight[used] @ (mean[used] - design @ coefficients) ** 2)
        fit = float(special.fdtrc(spare, df, excess / spare)) if spare else 1.0
        if fit > _FITS[0]:
            return found
        candidates.append((fit, found))
    return next((found for fit, found in candidates if fit > _FITS[1]), None)
