"""The ridge ln lambda* = a + b ln eta: the result type of all estimators, their gate, and the verdict on the slope."""

from dataclasses import dataclass, replace

import numpy as np

from lrwd.stats.peak import Peaks
from lrwd.stats.surface import Floats

# Slope b under each hypothesis: lambda/eta constant, lambda constant, 1/(eta·lambda) constant.
HYPOTHESES = {"ratio": 1.0, "constant": 0.0, "timescale": -1.0}
NONE, UNKNOWN = "none of these", "not identifiable"
# Two parameters and a scatter require at least four points; fewer points would mean extrapolation.
MIN_PEAKS = 4
_NAN = float("nan")


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge; NaN if undefined.

    Args:
        b, b_se, b_ci: slope, its standard error and its interval.
        ln_wd_ref, ln_wd_ref_se: ln lambda* at ``lr_ref``, and its standard error.
        lr_ref: geometric mean of the learning rates with a peak, where a and b are uncorrelated.
        df: degrees of freedom of the t intervals; 0 if the intervals are not t intervals.
        scatter: standard deviation of ln lambda* about the line, without measurement error.
        weights: weights of the slopes +1, 0, -1, in this order; they sum to 1.
        curvature, curvature_ci: c of ln lambda* = a + b·x + c·x**2, x = ln(eta/lr_ref).
        slope_low, slope_high: local slopes b + 2·c·x of that curve at the lowest and highest lr with a peak.
        reason: why there is no estimate; empty if there is one.
    """

    b: float = _NAN
    b_se: float = _NAN
    b_ci: tuple[float, float] = (_NAN, _NAN)
    ln_wd_ref: float = _NAN
    ln_wd_ref_se: float = _NAN
    lr_ref: float = _NAN
    df: int = 0
    scatter: float = _NAN
    weights: tuple[float, float, float] = (_NAN, _NAN, _NAN)
    curvature: float = _NAN
    curvature_ci: tuple[float, float] = (_NAN, _NAN)
    slope_low: float = _NAN
    slope_high: float = _NAN
    reason: str = ""


def gate(peaks: Peaks) -> str:
    """The reason why no ridge may be fitted to these peaks; empty if the gate is passed.

    Source: our simulation of the paper's grid, in which fits without a gate are extrapolations.
    """
    number = int(peaks.is_peak.sum())
    found = "1 interior peak" if number == 1 else f"{number} interior peaks"
    return f"{found}, fewer than {MIN_PEAKS}" if number < MIN_PEAKS else ""


def likelihood_weights(log_likelihood: Floats) -> tuple[float, float, float]:
    """Weights of the three slopes, w_h = L_h / sum L, from the profile likelihood at each.

    They equal the AICc weights: the three models have the same parameters (a and the scatter), so their penalties
    cancel.

    Args:
        log_likelihood: at b = +1, 0, -1, maximised over all other parameters; (3,).

    Source: Burnham & Anderson (2002), §2.9.
    """
    relative = np.exp(log_likelihood - np.max(log_likelihood))
    ratio, constant, timescale = relative / relative.sum()
    return float(ratio), float(constant), float(timescale)


def with_curvature(ridge: Ridge, lr: Floats, curvature: float, slope: float, half_width: float) -> Ridge:
    """Add the curvature, its interval, and the local slopes at the ends of ``lr``, to a ridge.

    Args:
        ridge: the straight fit.
        lr: the learning rates with a peak.
        curvature, slope: c and b of the quadratic curve about ``ridge.lr_ref``.
        half_width: half width of the interval of the curvature.
    """
    ends = np.log(np.array([lr.min(), lr.max()]) / ridge.lr_ref)
    low, high = slope + 2 * curvature * ends
    interval = (curvature - half_width, curvature + half_width)
    return replace(ridge, curvature=curvature, curvature_ci=interval, slope_low=float(low), slope_high=float(high))


def verdict(ridge: Ridge) -> tuple[str, str]:
    """Decide which hypothesis is compatible with the data.

    Returns:
        The verdict and the reason for it. ``ratio``, ``constant`` or ``timescale``: b's interval contains only that
        slope, and the ridge either has no significant curvature or its local slope is within 0.5 of that slope at both
        ends. ``none of these``: the interval contains none of +1, 0, -1, or the ridge is curved. ``not identifiable``:
        there is no interval, or it contains several of these slopes.
    """
    if ridge.reason:
        return UNKNOWN, ridge.reason
    low, high = ridge.b_ci
    if not high - low > 0:
        return UNKNOWN, "no interval of b"
    held = [name for name, slope in HYPOTHESES.items() if low <= slope <= high]
    if len(held) > 1:
        return UNKNOWN, f"the interval of b holds the slopes of {' and '.join(held)}"
    if not held:
        return NONE, "the interval of b holds none of +1, 0, -1"
    bends = ridge.curvature_ci[0] > 0 or ridge.curvature_ci[1] < 0
    if bends and max(abs(ridge.slope_low - HYPOTHESES[held[0]]), abs(ridge.slope_high - HYPOTHESES[held[0]])) > 0.5:
        return NONE, f"the ridge bends: local slopes {ridge.slope_low:.2f} to {ridge.slope_high:.2f}"
    return held[0], f"the interval of b holds the slope of {held[0]} alone"
