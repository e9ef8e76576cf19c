"""Finds the member of a family of curves that best fits a measured curve, by least squares with a free scale."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets
from lrwd.stats.surface import Floats


@dataclass(frozen=True)
class ShapeFit:
    """The best member of a family.

    value, ci_low, ci_high: its parameter and the percentile interval over resampled seeds; scale: factor of its shape;
    gains: weighted sum of squares that each member explains at its best scale, (K,); reason: why value is NaN, or "".
    """

    value: float
    ci_low: float
    ci_high: float
    scale: float
    gains: Floats
    reason: str


def fit_shape(curves: Floats, counts: Floats, parameters: Floats, shapes: Floats, level: float) -> ShapeFit:
    """Fit y_t = A f(t; p) with A >= 0 to the mean of several curves.

    min over p and A of  sum_s,t n_st (y_st - A f(t; p))**2,  where p is one of the given parameters

    Args:
        curves: y, (S, T), one row per seed; NaN where n is 0.
        counts: n, number of observations of each value, (S, T).
        parameters: p of each member, ascending, (K,).
        shapes: f of each member, (K, T).
        level: confidence level of the interval, in (0, 1).

    Returns:
        The best member. The interval enumerates all resamples of the seeds (see ``stats.bootstrap``); percentile
        intervals over few seeds are too narrow. If the interval of the scale contains 0, there is no value, since the
        curve cannot be distinguished from noise.

    Raises:
        DataError: shapes and curves have different lengths.
    """
    if shapes.shape != (len(parameters), curves.shape[1]) or counts.shape != curves.shape:
        raise DataError(f"curves {curves.shape}, counts {counts.shape} and shapes {shapes.shape} do not fit")
    nan = float("nan")
    unsure = no_interval_reason(len(curves))
    if unsure:
        return ShapeFit(nan, nan, nan, nan, np.full(len(parameters), nan), unsure)
    filled = np.where(counts > 0, curves, 0.0) * counts
    products, squares = filled @ shapes.T, counts @ (shapes**2).T
    resamples, probability = seed_multisets(len(curves))
    gains = _gains(products.sum(0), squares.sum(0))
    best = int(np.argmax(gains))
    drawn = resamples @ products, resamples @ squares
    scale_low, _ = percentile_interval(drawn[0][:, best] / drawn[1][:, best], probability, level)
    if scale_low <= 0:
        return ShapeFit(nan, nan, nan, nan, gains, "nothing stands out from noise")
    low, high = percentile_interval(parameters[np.argmax(_gains(*drawn), axis=1)], probability, level)
    scale = float(products.sum(0)[best] / squares.sum(0)[best])
    return ShapeFit(float(parameters[best]), low, high, scale, gains, "")


def _gains(products: Floats, squares: Floats) -> Floats:
    """Explained sum of squares; 0 if the scale would be negative."""
    return np.maximum(products, 0.0) ** 2 / np.maximum(squares, np.finfo(float).tiny)
