"""The ridge ln lambda* = a + b ln eta as any estimator returns it, its gate, and the verdict on its slope."""

from dataclasses import dataclass, replace

import numpy as np

from lrwd.stats.peak import Peaks
from lrwd.stats.surface import Floats

# Slope b under each hypothesis: lambda/eta constant, lambda constant, 1/(eta·lambda) constant.
HYPOTHESES = {"ratio": 1.0, "constant": 0.0, "timescale": -1.0}
NONE, UNKNOWN = "none of these", "not identifiable"
# Two parameters and a scatter need a point more than they are; fewer would be extrapolated from.
MIN_PEAKS = 4
_NAN = float("nan")


@dataclass(frozen=True)
class Ridge:
    """A fitted ridge; NaN where undefined.

    Args:
        b, b_se, b_ci: slope, its standard error and its interval.
        ln_wd_ref, ln_wd_ref_se: ln lambda* at ``lr_ref``, and its standard error.
        lr_ref: geometric mean of the learning rates with a peak, where a and b are uncorrelated.
        df: degrees of freedom of the t intervals; 0 where an interval is none.
        scatter: standard deviation of ln lambda* about the line beyond its error of measurement.
        weights: of the slopes +1, 0, -1 in turn; they sum to 1.
        curvature, curvature_ci: c of ln lambda* = a + b·x + c·x**2, x = ln(eta/lr_ref).
        slope_low, slope_high: local slopes b + 2·c·x of that curve at the lowest and highest lr with a peak.
        reason: why there is no estimate at all, else empty.
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
    """Why no ridge may be fitted to these peaks; empty if one may.

    Source: our simulation of the paper's grid, where a fit without a gate is an extrapolation.
    """
    number = int(peaks.is_peak.sum())
    found = "1 interior peak" if number == 1 else f"{number} interior peaks"
    return f"{found}, fewer than {MIN_PEAKS}" if number < MIN_PEAKS else ""


def likelihood_weights(log_likelihood: Floats) -> tuple[float, float, float]:
    """Weights of the three slopes, w_h = L_h / sum L, from the profile likelihood at each.

    These are the AICc weights too: the three have the same parameters (a and the scatter), so that the
    penalties are equal and cancel.

    Args:
        log_likelihood: at b = +1, 0, -1, maximised over all else; (3,).

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
        half_width: of the interval of the curvature.
    """
    ends = np.log(np.array([lr.min(), lr.max()]) / ridge.lr_ref)
    low, high = slope + 2 * curvature * ends
    interval = (curvature - half_width, curvature + half_width)
    return replace(ridge, curvature=curvature, curvature_ci=interval, slope_low=float(low), slope_high=float(high))


def verdict(ridge: Ridge) -> tuple[str, str]:
    """Call the hypothesis that the data leave standing.

    Returns:
        One of ``ratio``, ``constant``, ``timescale`` if b's interval holds that slope alone, and the ridge either
        does not bend significantly or stays within 0.5 of that slope at both ends; ``none of these`` if the
        interval holds none of +1, 0, -1, or the ridge bends away; ``not identifiable`` if there is no interval or
        it holds several. Then why, in words.
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
