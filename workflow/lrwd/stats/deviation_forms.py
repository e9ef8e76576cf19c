"""Alternatives to the paper's deviation curve, compared by AICc, and an upper limit on its tolerance zone."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from lrwd.stats.deviation import deviation_curve, fit_deviation
from lrwd.stats.surface import Floats

PUBLISHED, ASYMMETRIC, HINGE, POWER = "published", "asymmetric", "hinge_linear", "free_power"
_COARSE, _FINE, _ROUNDS = 61, 11, 7  # each round shrinks the bracket fivefold
_EXACT = 1e-12  # a residual below this share of the sum of squares is considered rounding error
_MAX_POWER = 6.0  # a larger power is practically a step at the largest kappa


@dataclass(frozen=True)
class FormFit:
    """A fitted form. All values except ``num_points`` are NaN if it cannot be fitted.

    Args:
        name: name of the form.
        beta_low, beta_high: growth below and above kappa = 1; equal except for the asymmetric form.
        shape: gamma of the forms with a tolerance zone, the power of the free-power form.
        rss: residual sum of squares, pp**2.
        aicc: also NaN if there are too few points or the fit is exact.
        num_points: number of points fitted.
    """

    name: str
    beta_low: float
    beta_high: float
    shape: float
    rss: float
    aicc: float
    num_points: int


def fit_forms(ln_kappa: Floats, drop: Floats) -> dict[str, FormFit]:
    """Fit four curves by least squares, growth >= 0 in each.

    published:    beta·(|ln kappa| - gamma)**2 beyond gamma
    asymmetric:   beta_low·(…)**2 below kappa = 1, beta_high·(…)**2 above, one gamma
    hinge_linear: beta·(|ln kappa| - gamma) beyond gamma
    free_power:   beta·|ln kappa|**p, 0 < p <= 6

    Args:
        ln_kappa: (K,).
        drop: pp, NaN where missing; (P, K).

    Source: paper §3.3 for the published form; the others are ours. AICc: Hurvich & Tsai (1989).
    """
    present = np.isfinite(drop)
    num = int(present.sum())
    points = np.broadcast_to(ln_kappa, drop.shape)[present], drop[present]
    exact = _EXACT * float(points[1] @ points[1])
    published = fit_deviation(ln_kappa, drop)
    fits = {PUBLISHED: _form(PUBLISHED, published.beta, published.beta, published.gamma, published.rss, 2, num, exact)}
    if np.isnan(published.beta):
        nan = float("nan")
        return fits | {name: FormFit(name, nan, nan, nan, nan, nan, num) for name in (ASYMMETRIC, HINGE, POWER)}
    # As for the published form, any zone beyond the second largest distance fits equally well.
    widest = float(np.unique(np.round(np.abs(points[0]), 9))[-2])
    for name, bounds, num_free in (
        (ASYMMETRIC, (0.0, widest), 3),
        (HINGE, (0.0, widest), 2),
        (POWER, (0.01, _MAX_POWER), 2),
    ):
        shape = _best_shape(name, bounds, *points)
        low, high, rss = _given_shape(name, shape, *points)
        fits[name] = _form(name, low, high, shape if max(low, high) > 0 else float("nan"), rss, num_free, num, exact)
    return fits


def gamma_upper_limit(ln_kappa: Floats, drop: Floats, level: float) -> float:
    """One-sided upper confidence limit on the half width of the published form's tolerance zone.

    limit = max {gamma : (RSS(gamma) - RSS_min)/(RSS_min/(N - 2)) <= F_{1,N-2} quantile at 2·level - 1}

    gamma cannot be negative, so at its boundary an interval gives no more information than a limit. The points are
    assumed independent. Seeds and architectures of one study are not, so the limit tends to be too low.

    Args:
        ln_kappa: (K,).
        drop: pp, NaN where missing; (P, K).
        level: confidence level, in (0.5, 1).

    Returns:
        gamma. Infinite if even the widest zone that can be fitted is allowed; NaN if the curve cannot be fitted, does
        not grow, or fits exactly.

    Source: profile likelihood; Bates & Watts (1988), §6.1.
    """
    fit = fit_deviation(ln_kappa, drop)
    spare = fit.num_points - 2
    if np.isnan(fit.gamma) or spare < 1 or not fit.rss > _EXACT * float(np.nansum(drop**2)):
        return float("nan")
    present = np.isfinite(drop)
    x, y = np.broadcast_to(ln_kappa, drop.shape)[present], drop[present]
    allowed = fit.rss * (1 + float(special.fdtri(1, spare, 2 * level - 1)) / spare)
    widest = float(np.abs(x).max())

    def excess(gamma: float) -> float:
        return _given_shape(PUBLISHED, gamma, x, y)[2] - allowed

    # The profile may have several local minima. The last allowed grid point brackets the limit.
    grid = np.linspace(fit.gamma, widest, 401)
    inside = np.flatnonzero([excess(gamma) <= 0 for gamma in grid])
    if len(inside) == 0 or inside[-1] == len(grid) - 1:
        return float(fit.gamma) if len(inside) == 0 else float("inf")
    return float(optimize.brentq(excess, grid[inside[-1]], grid[inside[-1] + 1]))


def _basis(name: str, shape: float, ln_kappa: Floats) -> Floats:
    if name == POWER:
        return np.abs(ln_kappa) ** shape
    if name == HINGE:
        return np.maximum(np.abs(ln_kappa) - shape, 0.0)
    return deviation_curve(ln_kappa, 1.0, shape)


def _given_shape(name: str, shape: float, ln_kappa: Floats, drop: Floats) -> tuple[float, float, float]:
    """beta below and above kappa = 1, and RSS, for a given shape, by linear least squares with beta >= 0."""
    basis = _basis(name, shape, ln_kappa)
    sides = [ln_kappa < 0, ln_kappa >= 0] if name == ASYMMETRIC else [np.ones(len(drop), dtype=bool)]
    betas = []
    rss = 0.0
    for side in sides:
        square = float(basis[side] @ basis[side])
        beta = max(float(basis[side] @ drop[side]) / square, 0.0) if square > 0 else 0.0
        rss += float(np.sum((drop[side] - beta * basis[side]) ** 2))
        betas.append(beta)
    return betas[0], betas[-1], rss


def _best_shape(name: str, bounds: tuple[float, float], ln_kappa: Floats, drop: Floats) -> float:
    """The shape with the smallest RSS (the first if tied). Uses finer and finer grids, as RSS may have local minima."""
    (low, high), points = bounds, _COARSE
    found = low
    for _ in range(_ROUNDS):
        grid = np.linspace(low, high, points)
        found = float(grid[int(np.argmin([_given_shape(name, value, ln_kappa, drop)[2] for value in grid]))])
        step = (high - low) / (points - 1)
        low, high, points = max(found - step, bounds[0]), min(found + step, bounds[1]), _FINE
    return found


def _form(
    name: str, low: float, high: float, shape: float, rss: float, num_free: int, num: int, exact: float
) -> FormFit:
    parameters = num_free + 1  # including the variance
    aicc = float("nan")
    if rss > exact and num > parameters + 1:
        aicc = num * np.log(rss / num) + 2 * parameters + 2 * parameters * (parameters + 1) / (num - parameters - 1)
    return FormFit(name, low, high, shape, rss, float(aicc), num)
