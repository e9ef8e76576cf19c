"""Proposes a grid of no more cells on which the hypotheses can be told apart."""

import numpy as np

from lrwd.stats.simulate import Truth
from lrwd.stats.surface import Floats

# Fewer learning rates cannot pass the gate of four interior peaks.
MIN_LR = 4
# A parabola needs a cell on both sides of the outermost optima, and three to have a spacing at all.
MIN_WD = 5

Grid = tuple[Floats, Floats]


def candidates(lr: Floats, num_cells: int, truths: list[Truth]) -> list[Grid]:
    """Grids lr × wd, evenly spaced in the logarithm, whose wd reach one step beyond every predicted optimum.

    h = P/(W - 3) for P = ln(largest/smallest optimum), so that W cells span P and a step on each side

    Args:
        lr: the study's; their range is kept, and they themselves where as many are used.
        num_cells: at most so many (lr, wd).
        truths: hypotheses whose optima are to lie inside at every lr.

    Returns:
        One for each number of lr from 4 to the study's (at least) that leaves 5 wd; perhaps none.
    """
    grids = []
    for num_lr in range(MIN_LR, max(len(lr), MIN_LR) + 1):
        num_wd = num_cells // num_lr
        if num_wd < MIN_WD:
            break
        rates = lr if num_lr == len(lr) else rounded(np.geomspace(lr[0], lr[-1], num_lr))
        optima = np.concatenate([truth.ln_wd(rates) for truth in truths])
        # At least half a decade in all: hypotheses that agree everywhere leave no range.
        span = max(float(np.ptp(optima)), np.log(10) / 2)
        middle, step = (optima.max() + optima.min()) / 2, span / (num_wd - 3)
        wd = rounded(np.exp(middle + step * (np.arange(num_wd) - (num_wd - 1) / 2)))
        grids.append((rates, np.tile(wd, (num_lr, 1))))
    return grids


def rounded(values: Floats) -> Floats:
    """Two significant digits, as people write them in a configuration."""
    return np.array([float(f"{value:.1e}") for value in values])
