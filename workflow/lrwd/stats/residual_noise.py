"""Noise of single runs where no cell is repeated: from the residuals of the fitted shapes."""

from collections.abc import Callable

import numpy as np

from lrwd.stats.noise import RESIDUALS, Noise, cell_statistics
from lrwd.stats.row_likelihood import Row, misfit, shape_drops, shape_weights, whitened
from lrwd.stats.row_shapes import library
from lrwd.stats.surface import Floats

# Grid of sigma as shares of the responses' standard deviation within rows, and a coarser grid of m.
_SHARES = np.geomspace(0.01, 1.5, 15)
_STRIDE = 8


def residual_noise(rows_at: Callable[[Noise], list[Row]], y: Floats) -> Noise:
    """Noise from the restricted likelihood of sigma, the shapes and optima of all rows integrated out.

    p(sigma | y) proportional to 1/sigma·prod_i det(V_i)**-1/2·sum_k pi_k·mean_m exp(-Q_i(m, k)/2)
    sigma**2 = its posterior mean, which allows for the degrees of freedom that shapes, optima and levels take

    Args:
        rows_at: the rows with their covariances for a noise.
        y: responses in shape units, for the scale of the grid and for repeats, if there are a few; (L, W, S).

    Returns:
        The noise; df is that of a scaled inverse chi-squared distribution with the posterior's spread.

    Source: ours; Patterson & Thompson (1971) for the restricted likelihood.
    """
    count, mean, squares = cell_statistics(y)
    spread = float(np.sqrt(np.nanmean((mean - np.nanmean(mean, axis=1, keepdims=True)) ** 2)))
    sigma = np.maximum(_SHARES * spread, 1e-6)
    shapes = library()
    drops = [shape_drops(row, shapes, _STRIDE)[1] for row in rows_at(Noise(1.0, 0.0, 0.0, RESIDUALS))]
    log = np.array([_log_likelihood(rows_at(Noise(float(s), 0.0, 0.0, RESIDUALS)), drops) for s in sigma])
    repeated = count > 1
    df, total = float((count[repeated] - 1).sum()), float(squares[repeated].sum())
    log += -df * np.log(sigma) - 0.5 * total / sigma**2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    variance = float(weight @ sigma**2)
    relative = float(weight @ (sigma**2 / variance - 1) ** 2)
    return Noise(float(np.sqrt(variance)), 0.0, 4 + 2 / max(relative, 1e-3), RESIDUALS)


def _log_likelihood(rows: list[Row], drops: list[Floats]) -> float:
    """ln of the restricted likelihood at one sigma, with shape weights of its own."""
    support, offset = [], 0.0
    for row, drop in zip(rows, drops, strict=True):
        whitener, log_det = whitened(row)
        q = misfit(row, drop, whitener)
        least = float(q.min())
        support.append(np.exp(-0.5 * (q - least)).mean(axis=0))
        offset -= 0.5 * (least + log_det)
    found = np.array(support)
    return offset + float(np.log(found @ shape_weights(found)).sum())
