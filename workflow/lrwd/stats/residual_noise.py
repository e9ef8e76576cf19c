"""Noise of single runs where no cell is repeated: from the residuals of the fitted shapes."""

from collections.abc import Callable

import numpy as np
from scipy import special

from lrwd.stats.noise import RESIDUALS, Noise, cell_statistics
from lrwd.stats.row_likelihood import Row, misfit, shape_drops, whitened
from lrwd.stats.row_shapes import library
from lrwd.stats.surface import Floats

# Grid of sigma as shares of the responses' standard deviation within rows, and a coarser grid of m.
_SHARES = np.geomspace(0.02, 1.5, 14)
_STRIDE = 8


def residual_noise(rows_at: Callable[[Noise], list[Row]], y: Floats) -> Noise:
    """Noise from the restricted likelihood of sigma, with the shapes and optima of all rows integrated out.

    l_i(sigma, k) = det(V_i)**-1/2·mean_m exp(-Q_i(m, k)/2)
    p(sigma | y) proportional to mean_k prod_i l_i(sigma, k) + prod_i mean_k l_i(sigma, k),  sigma's prior flat
    sigma**2 = its posterior mean, which allows for the degrees of freedom that shapes, optima and levels take

    The two terms are one shape for all rows and an independent one for each; the data weigh them. The shapes' prior
    is even: with weights fitted to the same rows they follow the noise, and the residuals of 25 single runs gave as
    little as 0.4 times it in simulation, and a fifth of it on measured grids.

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
    # Every second shape: their order runs through three forms of the high side, so all forms remain.
    shapes = library().every(2)
    drops = [shape_drops(row, shapes, _STRIDE)[1] for row in rows_at(Noise(1.0, 0.0, 0.0, RESIDUALS))]
    log = np.array([_log_likelihood(rows_at(Noise(float(s), 0.0, 0.0, RESIDUALS)), drops) for s in sigma])
    repeated = count > 1
    df, total = float((count[repeated] - 1).sum()), float(squares[repeated].sum())
    # The grid of sigma is even in ln sigma.
    log += np.log(sigma) - df * np.log(sigma) - 0.5 * total / sigma**2
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    variance = float(weight @ sigma**2)
    relative = float(weight @ (sigma**2 / variance - 1) ** 2)
    return Noise(float(np.sqrt(variance)), 0.0, 4 + 2 / max(relative, 1e-3), RESIDUALS)


def _log_likelihood(rows: list[Row], drops: list[Floats]) -> float:
    """ln of the restricted likelihood at one sigma: one shape for all rows, or one for each, with even odds."""
    shared: Floats = np.zeros(1)
    separate = 0.0
    for row, drop in zip(rows, drops, strict=True):
        whitener, log_det = whitened(row)
        q = misfit(row, drop, whitener)
        least = float(q.min())
        relative = np.exp(-0.5 * (q - least)).mean(axis=0)
        with np.errstate(divide="ignore"):
            shared = shared + np.log(relative) - 0.5 * (least + log_det)
        separate += float(np.log(relative.mean())) - 0.5 * (least + log_det)
    return float(np.logaddexp(special.logsumexp(shared) - np.log(len(shared)), separate))
