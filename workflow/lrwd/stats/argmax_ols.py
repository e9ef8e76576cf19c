"""The paper's estimator (argmax and ordinary least squares) with the interface and gate of the ridge estimators."""

import numpy as np
from scipy import special

from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets, standard_error
from lrwd.stats.peak import Peaks
from lrwd.stats.ratio import log_slopes
from lrwd.stats.ridge import HYPOTHESES, Ridge, gate, likelihood_weights, with_curvature
from lrwd.stats.selection import optimal_wd, select_wd
from lrwd.stats.surface import Floats, Surface

# A residual sum of squares below this value, in (ln wd)**2, is considered rounding error of an exact fit.
_EXACT = 1e-20


def fit_argmax_ols(surface: Surface, peaks: Peaks, level: float) -> Ridge:
    """Fit ln lambda* = a + b ln eta by least squares to the best wd of the grid. Edges are treated as optima.

    Args:
        surface: the accuracies; ``select`` is used.
        peaks: from ``find_peaks`` of the same surface, for the gate.
        level: confidence level, in (0, 1). The interval of b is the enumerated percentile bootstrap over seeds, that
            of the curvature a t interval.

    Returns:
        The ridge; lr_ref is the geometric mean of all lr. The standard errors of b and ln_wd_ref are from the
        bootstrap. With fewer than ``MIN_PEAKS`` peaks, or if some lambda* is 0 (log(0) is undefined), only the reason.

    Source: paper §3.2; curvature, weights and gate are ours.
    """
    reason = gate(peaks)
    chosen = select_wd(surface)
    kept = np.isfinite(chosen.wd)
    num, num_zero = int(kept.sum()), int(np.sum(chosen.wd == 0))
    if reason or num_zero:
        return Ridge(reason=reason or f"wd* = 0 at {num_zero} of {num} lr")
    x, y = np.log(surface.lr[kept]), np.log(chosen.wd[kept])
    centre = float(x.mean())
    x = x - centre
    (slope, height), rss = _line(x, y, 1)
    hypotheses = np.array([_line(x, y - b * x, 0)[1] for b in HYPOTHESES.values()])
    ridge = Ridge(
        b=slope,
        ln_wd_ref=height,
        lr_ref=float(np.exp(centre)),
        scatter=float(np.sqrt(rss / (num - 2))),
        weights=likelihood_weights(-num / 2 * np.log(np.maximum(hypotheses, _EXACT))),
        **_bootstrap(surface, centre, level),
    )
    if num < 5:
        return ridge
    (c, b, _), rss = _line(x, y, 2)
    design = np.stack([x**2, x, np.ones_like(x)], axis=1)
    error = float(np.sqrt(rss / (num - 3) * np.linalg.inv(design.T @ design)[0, 0]))
    half = float(special.stdtrit(num - 3, (1 + level) / 2)) * error
    return with_curvature(ridge, surface.lr[kept], c, b, half)


def _line(x: Floats, y: Floats, degree: int) -> tuple[list[float], float]:
    """Coefficients of a polynomial, highest power first, and its residual sum of squares."""
    coefficients = np.polyfit(x, y, degree)
    return coefficients.tolist(), float(np.sum((y - np.polyval(coefficients, x)) ** 2))


def _bootstrap(surface: Surface, centre: float, level: float) -> dict:
    """Standard errors and interval, from the resamples in which every lambda* is positive."""
    if no_interval_reason(surface.num_seeds):
        return {}
    counts, probability = seed_multisets(surface.num_seeds)
    wd = optimal_wd(surface, counts)
    b = log_slopes(surface.lr, wd)
    with np.errstate(divide="ignore"):
        ln_wd = np.where(wd > 0, np.log(wd), np.nan)
    present = np.isfinite(ln_wd)
    number = present.sum(axis=1)
    total = np.where(present, ln_wd, 0.0).sum(axis=1)
    x_total = np.where(present, np.log(surface.lr) - centre, 0.0).sum(axis=1)
    height = np.full(len(b), np.nan)
    np.divide(total - b * x_total, number, out=height, where=np.isfinite(b))
    return {
        "b_se": standard_error(b, probability),
        "b_ci": percentile_interval(b, probability, level),
        "ln_wd_ref_se": standard_error(height, probability),
        "df": surface.num_seeds - 1,
    }
