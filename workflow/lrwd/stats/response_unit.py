"""The unit in which the library of row shapes is expressed, from the data."""

import numpy as np

from lrwd.stats.noise import cell_statistics
from lrwd.stats.surface import Floats

# Cells within a decade of their row's best are compared with it; a cell there is typically so many units worse.
_REACH = float(np.log(10.0)) * (1 + 1e-9)
_UNITS = 2.5


def response_unit(ln_wd: Floats, y: Floats) -> float:
    """Typical drop of the response within a decade of wd around each row's best, divided by 2.5.

    The library spans three decades of curvature and two of depth, so the unit need only have the right order of
    magnitude: in simulation a fixed unit of 0.5, 1 or 2 percentage points changed neither coverage nor answer rates of
    accuracies beyond the Monte-Carlo error. The median over cells is not moved by collapsed ones or by a flat row.

    Args:
        ln_wd: NaN-padded, -inf for wd = 0; (L, W).
        y: responses, higher is better, NaN where there is no run; (L, W, S).

    Returns:
        In units of the response; 0 where all means of all rows are equal.

    Source: ours.
    """
    mean = cell_statistics(y)[1]
    drops: list[float] = []
    for z, values in zip(ln_wd, mean, strict=True):
        cells = np.flatnonzero(np.isfinite(z) & np.isfinite(values))
        if len(cells) < 2:
            continue
        best = cells[np.argmax(values[cells])]
        distance = np.abs(z[cells] - z[best])
        others = distance > 0
        near = others & (distance <= max(_REACH, distance[others].min(initial=np.inf)))
        drops += list(values[best] - values[cells[near]])
    if not drops:
        return 0.0
    typical = float(np.median(drops))
    return (typical if typical > 0 else float(np.mean(drops))) / _UNITS
