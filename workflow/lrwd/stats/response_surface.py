"""The ridge of a quadratic response surface in (ln eta, ln lambda), fitted around the peaks of all rows at once."""

from typing import NamedTuple

import numpy as np
from scipy import special

from lrwd.stats.peak import Peaks
from lrwd.stats.ridge import HYPOTHESES, Ridge, gate, likelihood_weights, with_curvature
from lrwd.stats.selection import TIE, seed_means
from lrwd.stats.surface import Floats, Ints, Surface


class _Cells(NamedTuple):
    """Grid points around the peaks; x, z: centred ln eta, ln lambda; weights: 1/variance of the means if ``noisy``."""

    row: Ints
    x: Floats
    z: Floats
    accuracy: Floats
    weight: Floats
    noisy: bool


def fit_response_surface(surface: Surface, peaks: Peaks, level: float) -> Ridge:
    """Fit the surface by weighted least squares to the grid points that the rows' parabolas used.

    accuracy = alpha_i + d1·z + d2·z**2 + e·x·z (+ f·x**2·z),  x = ln(eta/eta_ref), z = ln lambda
    d accuracy / dz = 0  =>  ln lambda* = -(d1 + e·x + f·x**2)/(2·d2),  so  b = -e/(2·d2), curvature = -f/(2·d2)

    Every eta has its own intercept alpha_i instead of a quadratic in x, since accuracy is not quadratic over decades of
    eta. Intervals are t intervals with (peaks - 2) degrees of freedom, (peaks - 3) for the curvature. The standard
    error is the larger of two: that of the delete-one-eta jackknife, since the grid points of an eta share their
    misfit, and that of the delta method, from the noise of single runs. The weights are computed from the Gaussian
    likelihoods of the three constrained surfaces.

    Args:
        surface: the accuracies; ``select`` is used.
        peaks: from ``find_peaks`` of the same surface; only rows with a peak are used.
        level: confidence level of the intervals, in (0, 1).

    Returns:
        The ridge; only the reason if there are fewer than ``MIN_PEAKS`` peaks or the surface is not concave.

    Source: Box & Wilson (1951) for the response surface; Miller (1974) for the jackknife.
    """
    reason = gate(peaks)
    if reason:
        return Ridge(reason=reason)
    rows = np.flatnonzero(peaks.is_peak)
    lr = surface.lr[rows]
    centre, height = float(np.log(lr).mean()), float(peaks.ln_wd[rows].mean())
    cells = _cells(surface, peaks, centre, height)
    design = np.stack([cells.z, cells.z**2, cells.x * cells.z, cells.x**2 * cells.z], axis=1)
    straight = _fit(cells, design[:, :3])[0]
    if not straight[1] < 0:
        return Ridge(reason="the surface is not concave in ln wd")
    at_ref, b = _line(straight)
    ref_se, b_se = _errors(cells, design[:, :3])
    num = len(rows)
    half = float(special.stdtrit(num - 2, (1 + level) / 2)) * b_se
    residual = peaks.ln_wd[rows] - height - at_ref - b * (np.log(lr) - centre)
    ridge = Ridge(
        b=float(b),
        b_se=b_se,
        b_ci=(float(b - half), float(b + half)),
        ln_wd_ref=float(height + at_ref),
        ln_wd_ref_se=ref_se,
        lr_ref=float(np.exp(centre)),
        df=num - 2,
        # As in the censored-peak regression: the residual variance minus the measurement error of the peaks.
        scatter=float(np.sqrt(max(residual @ residual / (num - 2) - np.mean(peaks.se[rows] ** 2), 0.0))),
        weights=_weights(cells),
    )
    bent = _fit(cells, design)[0]
    if num < 5 or not bent[1] < 0:
        return ridge
    half = float(special.stdtrit(num - 3, (1 + level) / 2)) * _errors(cells, design)[2]
    _, slope, curvature = _line(bent)
    return with_curvature(ridge, lr, float(curvature), float(slope), half)


def _line(coefficients: Floats) -> Floats:
    """Compute ln lambda* at eta_ref, b, and the curvature (if f is given) from (d1, d2, e, f)."""
    return -np.delete(coefficients, 1) / (2 * coefficients[1])


def _cells(surface: Surface, peaks: Peaks, centre: float, height: float) -> _Cells:
    row, column = np.nonzero(peaks.window)
    mean = seed_means(surface.select, np.ones((1, surface.num_seeds)))[0]
    error = peaks.error[row, column]
    noisy = bool(np.all(error > 0))
    weight = 1 / error**2 if noisy else np.ones_like(error)
    x, z = np.log(surface.lr[row]) - centre, np.log(surface.wd[row, column]) - height
    return _Cells(row, x, z, mean[row, column], weight, noisy)


def _within(cells: _Cells, values: Floats) -> Floats:
    """Deviations from the weighted mean of each row, which eliminates the intercepts (Frisch & Waugh, 1933)."""
    total = np.bincount(cells.row, cells.weight)
    result = np.empty_like(values)
    for k in range(values.shape[1]):
        sums = np.bincount(cells.row, cells.weight * values[:, k])
        result[:, k] = values[:, k] - sums[cells.row] / total[cells.row]
    return result


def _fit(cells: _Cells, design: Floats) -> tuple[Floats, Floats, float]:
    """Weighted least squares with an intercept for each row: coefficients, their covariance from noise, and RSS."""
    root = np.sqrt(cells.weight)[:, None]
    regressors = root * _within(cells, design)
    target = root[:, 0] * _within(cells, cells.accuracy[:, None])[:, 0]
    # Scale the columns to unit length, as z**2 and x**2·z differ by orders of magnitude.
    length = np.linalg.norm(regressors, axis=0)
    inverse = np.linalg.pinv(regressors / length) / length[:, None]
    coefficients = inverse @ target
    residual = target - regressors @ coefficients
    return coefficients, cells.noisy * inverse @ inverse.T, float(residual @ residual)


def _errors(cells: _Cells, design: Floats) -> Floats:
    """Standard errors of the results of ``_line``: the larger of delta method (noise) and jackknife over rows."""
    coefficients, covariance, _ = _fit(cells, design)
    line = _line(coefficients)
    # Derivatives of line_k = -c_k/(2·d2) with respect to c_k and d2.
    gradient = np.zeros((len(line), len(coefficients)))
    gradient[np.arange(len(line)), np.delete(np.arange(len(coefficients)), 1)] = -1 / (2 * coefficients[1])
    gradient[:, 1] = -line / coefficients[1]
    noise = np.einsum("ki,ij,kj->k", gradient, covariance, gradient)
    rows = np.unique(cells.row)
    without = []
    for row in rows:
        kept = cells.row != row
        x, z, accuracy, weight = (values[kept] for values in cells[1:-1])
        part = _Cells(cells.row[kept], x, z, accuracy, weight, cells.noisy)
        without.append(_line(_fit(part, design[kept])[0]))
    spread = np.var(np.array(without), axis=0) * (len(rows) - 1)
    return np.sqrt(np.maximum(noise, spread))


def _weights(cells: _Cells) -> tuple[float, float, float]:
    """Weights of b = +1, 0, -1: with e = -2·b·d2 the constrained surface is linear in d1 and d2."""
    rss = np.array(
        [
            _fit(cells, np.stack([cells.z, cells.z**2 - 2 * b * cells.x * cells.z], axis=1))[2]
            for b in HYPOTHESES.values()
        ]
    )
    # The likelihood of an exact fit is unbounded. The floor corresponds to the tolerance for tied accuracies.
    floor = float(cells.weight.sum()) * TIE**2
    return likelihood_weights(-0.5 * len(cells.z) * np.log(np.maximum(rss, floor)))
