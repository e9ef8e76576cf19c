"""Cost of deviating from the ratio: accuracy lost at lambda = kappa·rho·eta, and the paper's curve for it."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.bootstrap import percentile_interval, seed_multisets
from lrwd.stats.surface import Floats, Ints

_COARSE = 101  # size of the first grid for gamma, fine enough to find every local maximum between two kappas
_FINE = 21
_ROUNDS = 8  # each round shrinks the bracket tenfold, so the error of gamma is about 1e-10


@dataclass(frozen=True)
class DeviationFit:
    """The fitted curve. gamma is NaN if beta is 0 (any zone fits); all values are NaN if unidentified.

    Args:
        beta: growth outside the tolerance zone, pp per (unit of ln kappa)**2.
        gamma: half width of the tolerance zone, in ln kappa.
        rss: residual sum of squares, pp**2.
        num_points: points fitted.
    """

    beta: float
    gamma: float
    rss: float
    num_points: int


def drop_pp(reference: Floats, accuracy: Floats) -> Floats:
    """Accuracy lost relative to a reference, averaged over the learning rates that have both values.

    Delta_acc(kappa) = mean_eta [a_ref(eta) - a(eta, kappa·rho·eta)]

    Args:
        reference: a_ref, fractions; (L, S).
        accuracy: a, fractions; (L, K, S).

    Returns:
        Drops in percentage points, NaN if no lr has both; (S, K).

    Source: paper §3.3 with a_ref at lambda*(eta); its Table 2 with a_ref at kappa = 1.
    """
    drops = reference[:, None, :] - accuracy
    present = np.isfinite(drops)
    number = present.sum(axis=0)
    means = np.full(number.shape, np.nan)
    np.divide(np.where(present, drops, 0.0).sum(axis=0), number, out=means, where=number > 0)
    return 100 * means.T


def deviation_curve(ln_kappa: Floats, beta: float, gamma: float) -> Floats:
    """Evaluate Delta_acc = 0 if |ln kappa| <= gamma, beta·(|ln kappa| - gamma)**2 beyond.

    Source: paper §3.3.
    """
    return beta * np.maximum(np.abs(ln_kappa) - gamma, 0.0) ** 2


def fit_deviation(ln_kappa: Floats, drop: Floats) -> DeviationFit:
    """Fit the curve by least squares under beta >= 0, gamma >= 0.

    Args:
        ln_kappa: (K,).
        drop: pp, NaN where missing; (P, K).
    """
    one = np.ones((1, len(drop)))
    beta, gamma = (float(value[0]) for value in _fit(ln_kappa, drop, one))
    present = np.isfinite(drop)
    if np.isnan(beta):
        return DeviationFit(beta, gamma, float("nan"), int(present.sum()))
    fitted = deviation_curve(ln_kappa, beta, 0.0 if beta == 0 else gamma)
    rss = float(np.sum(np.where(present, drop - fitted, 0.0) ** 2))
    return DeviationFit(beta, gamma, rss, int(present.sum()))


def bootstrap_deviation(
    ln_kappa: Floats, drop: Floats, seed_index: Ints, level: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Percentile intervals of beta and gamma, resampling seeds by enumerating every distinct resample.

    Args:
        ln_kappa: (K,).
        drop: pp, NaN where missing; (P, K).
        seed_index: index of each point's seed, 0 … n-1; (P,). A seed is resampled as a whole, in all architectures
            together.
        level: confidence level, in (0, 1).

    Returns:
        (low, high) of beta, and of gamma over the resamples with beta > 0.

    Raises:
        DataError: there are too many seeds to enumerate, or seed_index does not match drop.
    """
    if len(seed_index) != len(drop):
        raise DataError(f"seed_index has {len(seed_index)} entries; allowed: {len(drop)}, as drop")
    counts, probability = seed_multisets(int(seed_index.max()) + 1)
    beta, gamma = _fit(ln_kappa, drop, counts[:, seed_index].astype(float))
    return percentile_interval(beta, probability, level), percentile_interval(gamma, probability, level)


def _fit(ln_kappa: Floats, drop: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """beta and gamma of each resample; weight (R, P) is the number of times that each point occurs in it.

    For a given gamma the fit is linear in beta, so only gamma is searched, in all resamples at once.
    With h = max(|ln kappa| - gamma, 0)**2, beta = max(0, <h, d>/<h, h>) explains <h, d>**2/<h, h>.
    """
    distance = np.abs(ln_kappa)
    present = np.isfinite(drop)
    number = weight @ present.astype(float)
    total = weight @ np.where(present, drop, 0.0)
    beta, gamma = np.full(len(weight), np.nan), np.full(len(weight), np.nan)
    # For gamma beyond the second largest distance, only the points at the largest distance remain, and every gamma fits
    # equally well.
    seen = np.where(number > 0, np.round(distance, 9), -1.0)
    largest = seen.max(axis=1, keepdims=True)
    upper = np.where(seen < largest, seen, -1.0).max(axis=1)
    usable = upper > 0  # there are at least two distances other than 0
    if not np.any(usable):
        return beta, gamma
    number, total, upper = number[usable], total[usable], upper[usable]
    low, high, points = np.zeros(len(upper)), upper, _COARSE
    for _ in range(_ROUNDS + 1):
        grid = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, points)
        slope, gain = _profile(distance, number, total, grid)
        # Of tied values take the first, that is, the narrowest zone.
        index, rows = gain.argmax(axis=1), np.arange(len(grid))
        found, found_slope = grid[rows, index], slope[rows, index]
        step = (high - low) / (points - 1)
        low, high, points = np.maximum(found - step, 0.0), np.minimum(found + step, upper), _FINE
    beta[usable] = found_slope
    gamma[usable] = np.where(found_slope > 0, found, np.nan)
    return beta, gamma


def _profile(distance: Floats, number: Floats, total: Floats, gamma: Floats) -> tuple[Floats, Floats]:
    """Best beta and the explained sum of squares, at each gamma of each resample; (R, G)."""
    cross, square = np.zeros(gamma.shape), np.zeros(gamma.shape)
    # Loop over kappa: with 8 seeds, an array (R, G, K) would not fit in the CPU cache.
    for k, d in enumerate(distance):
        h = np.maximum(d - gamma, 0.0) ** 2
        cross += h * total[:, k, None]
        square += h**2 * number[:, k, None]
    slope = np.zeros(gamma.shape)
    np.divide(np.maximum(cross, 0.0), square, out=slope, where=square > 0)
    return slope, slope * np.maximum(cross, 0.0)
