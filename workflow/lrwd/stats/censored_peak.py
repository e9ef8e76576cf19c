"""Censored-peak regression: fits the ridge to the peaks of all learning rates. Optima at grid edges are censored."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lrwd.stats.peak import Peaks
from lrwd.stats.ridge import HYPOTHESES, Ridge, gate, likelihood_weights, with_curvature
from lrwd.stats.surface import Floats

# Scatter below this value, in units of ln wd, is treated as zero. It is far below any measurement error.
_NO_SCATTER = 1e-6
_COARSE, _FINE, _ROUNDS = (
    33,
    9,
    4,
)  # grid points of the search over the scatter; each round shrinks the bracket fourfold
_NEWTON_STEPS, _CONVERGED = 60, 1e-9
Mask = NDArray[np.bool_]
_LOG_2PI = float(np.log(2 * np.pi))


class _Data:
    """The peaks and bounds as arrays for the likelihood; x is centred on the peaks."""

    def __init__(self, peaks: Peaks) -> None:
        is_peak, is_bound = peaks.is_peak, peaks.is_censored
        self.centre = float(np.log(peaks.lr[is_peak]).mean())
        x = np.log(peaks.lr) - self.centre
        self.y, self.se2 = peaks.ln_wd[is_peak], peaks.se[is_peak] ** 2
        self.low, self.high = peaks.ln_low[is_bound], peaks.ln_high[is_bound]
        # A bound is a trained wd and has no error itself. Whether it is really worse than the best is uncertain, so it
        # gets the median error of the peaks.
        self.bound_se2 = float(np.median(self.se2))
        self.num_peaks = len(self.y)
        powers = np.stack([np.ones_like(x), x, x**2], axis=1)
        self.design = np.concatenate([powers[is_peak], powers[is_bound]])  # (N, 3), peaks first
        self.peak_lr = peaks.lr[is_peak]


def fit_censored_peak(peaks: Peaks, level: float) -> Ridge:
    """Fit the ridge to peaks and bounds by maximum likelihood.

    ln lambda*_i = a + b·ln eta_i + N(0, tau**2), measured with error se_i. A row with known bounds only,
    low < ln lambda* < high, contributes Phi((high - mu)/s) - Phi((low - mu)/s), s**2 = tau**2 + median(se)**2.

    The interval is b ± t·SE with (n - 2) degrees of freedom for n peaks. SE is computed from the information at the
    maximum. There, tau**2 is multiplied by n/(n - 2), since maximum likelihood underestimates it by this factor. The
    weights are those of the profile likelihoods at b = +1, 0, -1. The curvature is computed in the same way, with
    (n - 3) degrees of freedom, if there are at least 5 peaks.

    Args:
        peaks: from ``find_peaks``; flat rows are not used.
        level: confidence level of the intervals, in (0, 1).

    Returns:
        The ridge; only the reason if there are fewer than ``MIN_PEAKS`` peaks.

    Source: Tobin (1958) for the censored likelihood; the model is ours.
    """
    reason = gate(peaks)
    if reason:
        return Ridge(reason=reason)
    data = _Data(peaks)
    slopes = np.array(list(HYPOTHESES.values()))
    # The models in order: straight line, the three hypotheses, quadratic. Each has fixed and free coefficients.
    fixed = np.concatenate([[0.0], slopes, [0.0]])
    free = np.array([[1, 1, 0], *[[1, 0, 0]] * len(slopes), [1, 1, 1]], dtype=bool)
    coefficients, scatter, log_likelihood = _maximise(data, fixed, free)
    num = data.num_peaks
    covariance = _covariance(data, coefficients[0], free[0], scatter[0] ** 2 * num / (num - 2))
    b, b_se = float(coefficients[0, 1]), float(np.sqrt(covariance[1, 1]))
    half = float(special.stdtrit(num - 2, (1 + level) / 2)) * b_se
    ridge = Ridge(
        b=b,
        b_se=b_se,
        b_ci=(b - half, b + half),
        ln_wd_ref=float(coefficients[0, 0]),
        ln_wd_ref_se=float(np.sqrt(covariance[0, 0])),
        lr_ref=float(np.exp(data.centre)),
        df=num - 2,
        scatter=float(scatter[0]) if scatter[0] > 1.01 * _NO_SCATTER else 0.0,
        weights=likelihood_weights(log_likelihood[1:-1]),
    )
    if num < 5:
        return ridge
    covariance = _covariance(data, coefficients[-1], free[-1], scatter[-1] ** 2 * num / (num - 3))
    half = float(special.stdtrit(num - 3, (1 + level) / 2) * np.sqrt(covariance[2, 2]))
    return with_curvature(ridge, data.peak_lr, float(coefficients[-1, 2]), float(coefficients[-1, 1]), half)


def _maximise(data: _Data, fixed: Floats, free: Mask) -> tuple[Floats, Floats, Floats]:
    """Maximum-likelihood coefficients (H, 3), scatter (H,) and log-likelihood (H,) of all models.

    For a given scatter the log-likelihood is concave in the coefficients, so only the scatter needs a grid search.
    """
    widest = 2 * (np.ptp(data.y) + np.ptp(data.design[:, 1])) + 1
    steps = np.linspace(0, 1, _COARSE)
    grid = np.tile(np.log(_NO_SCATTER) + steps * np.log(widest / _NO_SCATTER), (len(fixed), 1))
    rows = np.arange(len(fixed))
    for _ in range(_ROUNDS):
        coefficients, value = _given_scatter(data, fixed, free, np.exp(2 * grid))
        best = value.argmax(axis=1)  # the first of tied values, that is, the smallest scatter
        found = coefficients[rows, best], np.exp(grid[rows, best]), value[rows, best]
        last = grid.shape[1] - 1
        low, high = grid[rows, np.maximum(best - 1, 0)], grid[rows, np.minimum(best + 1, last)]
        grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _FINE)
    return found


def _given_scatter(data: _Data, fixed: Floats, free: Mask, tau2: Floats) -> tuple[Floats, Floats]:
    """Newton's method for the coefficients at each scatter. A step is halved if the likelihood would decrease.

    Args:
        tau2: (H, T).

    Returns:
        Coefficients (H, T, 3), log-likelihood (H, T).
    """
    current = np.zeros((*tau2.shape, 3))
    current[..., 1] = fixed[:, None]
    current[..., 0] = (data.y - fixed[:, None] * data.design[: data.num_peaks, 1]).mean(axis=1)[:, None]
    best, step, reached = current, np.zeros_like(current), np.full(tau2.shape, -np.inf)
    for _ in range(_NEWTON_STEPS):
        value, gradient, information = _likelihood(data, current, tau2, free[:, None, :])
        better = value >= reached - 1e-10
        newton = np.linalg.solve(information, gradient[..., None])[..., 0]
        best = np.where(better[..., None], current, best)
        step = np.where(better[..., None], newton, step / 2)
        reached = np.where(better, value, reached)
        if np.max(np.abs(step)) < _CONVERGED:
            break
        current = best + step
    return best, reached


def _likelihood(data: _Data, coefficients: Floats, tau2: Floats, free: Mask) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood (...), its gradient (..., 3) and minus its second derivative (..., 3, 3).

    Fixed coefficients have gradient 0 and information 1, so that a Newton step does not change them.
    """
    mu = coefficients @ data.design.T
    variance = tau2[..., None] + data.se2
    residual = data.y - mu[..., : data.num_peaks]
    value = -0.5 * (np.log(variance) + _LOG_2PI + residual**2 / variance).sum(axis=-1)
    first, second = residual / variance, 1 / variance
    if len(data.low):
        scale = np.sqrt(tau2 + data.bound_se2)[..., None]
        beyond = mu[..., data.num_peaks :]
        terms, slope, bend = _bounded((data.low - beyond) / scale, (data.high - beyond) / scale)
        value = value + terms.sum(axis=-1)
        first = np.concatenate([first, slope / scale], axis=-1)
        second = np.concatenate([second, bend / scale**2], axis=-1)
    gradient = np.where(free, first @ data.design, 0.0)
    outer = np.einsum("...n,ni,nj->...ij", second, data.design, data.design)
    both = free[..., :, None] & free[..., None, :]
    return value, gradient, np.where(both, outer, np.eye(3))


def _bounded(low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """ln(Phi(high) - Phi(low)) for standardised bounds, its derivative and minus its second, by mu/scale."""
    # In the upper tail both values of Phi round to 1, so the mirrored difference Phi(-low) - Phi(-high) is used.
    mirrored = low > 0
    bottom, top = np.where(mirrored, -high, low), np.where(mirrored, -low, high)
    log_top = special.log_ndtr(top)
    value = log_top + np.log1p(-np.exp(np.minimum(special.log_ndtr(bottom) - log_top, -1e-15)))
    at_low, at_high = (np.exp(-0.5 * (_LOG_2PI + z**2) - value) for z in (low, high))
    slope = at_low - at_high
    curved = np.where(np.isfinite(high), high, 0.0) * at_high - np.where(np.isfinite(low), low, 0.0) * at_low
    # The term is concave. The maximum prevents rounding errors far in a tail from making it convex.
    return value, slope, np.maximum(curved + slope**2, 0.0)


def _covariance(data: _Data, coefficients: Floats, free: Mask, tau2: float) -> Floats:
    """Inverse of the coefficients' information matrix at a given scatter; (3, 3)."""
    scatter2 = np.array(max(tau2, _NO_SCATTER**2))
    return np.asarray(np.linalg.inv(_likelihood(data, coefficients, scatter2, free)[2]), dtype=np.float64)
