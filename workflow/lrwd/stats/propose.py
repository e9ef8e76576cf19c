"""Proposes a grid of the same size or smaller on which the hypotheses can be distinguished."""

import numpy as np

from lrwd.stats.simulate import Truth
from lrwd.stats.surface import Floats

# The gate requires four interior peaks, so at least four learning rates are needed.
MIN_LR = 4
# A parabola needs a grid point on both sides of the outermost optima, and at least three points.
MIN_WD = 5

Grid = tuple[Floats, Floats]


def candidates(lr: Floats, num_cells: int, truths: list[Truth]) -> list[Grid]:
    """Grids lr × wd, evenly spaced in the logarithm, whose wd extend one step beyond every predicted optimum.

    h = P/(W - 3) for P = ln(largest/smallest optimum), so that W values of wd cover P and one step on each side

    Args:
        lr: the study's learning rates. A grid covers the same range; if it has as many lr, it uses the same values.
        num_cells: maximum number of grid points (lr, wd).
        truths: hypotheses whose optima must lie inside the grid at every lr.

    Returns:
        One grid for each number of lr, from 4 to at least the study's, that allows 5 wd; possibly none.
    """
    grids = []
    for num_lr in range(MIN_LR, max(len(lr), MIN_LR) + 1):
        num_wd = num_cells // num_lr
        if num_wd < MIN_WD:
            break
        rates = lr if num_lr == len(lr) else rounded(np.geomspace(lr[0], lr[-1], num_lr))
        optima = np.concatenate([truth.ln_wd(rates) for truth in truths])
        # At least half a decade, since the range is 0 if all hypotheses agree.
        span = max(float(np.ptp(optima)), np.log(10) / 2)
        middle, step = (optima.max() + optima.min()) / 2, span / (num_wd - 3)
        wd = rounded(np.exp(middle + step * (np.arange(num_wd) - (num_wd - 1) / 2)))
        grids.append((rates, np.tile(wd, (num_lr, 1))))
    return grids


def rounded(values: Floats) -> Floats:
    """Round to two significant digits, as users write values in a configuration."""
    return np.array([float(f"{value:.1e}") for value in values])
