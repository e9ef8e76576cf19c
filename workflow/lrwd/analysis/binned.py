"""The runs of a group by row, cell and seed, in the form in which cells are recommended and next ones are chosen."""

import numpy as np

from lrwd.analysis.response import Response
from lrwd.analysis.ridges import flat, scattered
from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.propose import rounded
from lrwd.stats.row_ridge import RowRidge

# Weight decays of scattered runs are put on a lattice of so many a decade.
_PER_DECADE = 4


def flat_runs(response: Response, ridge: RowRidge) -> FlatRuns:
    """The runs as a flat list.

    Args:
        response: of the group.
        ridge: its fit, whose rows scattered runs are put into: each run then counts as one of its row's learning rate
            and of the nearest quarter decade of wd, and the runs that coincide are numbered as seeds.
    """
    lr, wd, value = flat(response)
    if not scattered(response) or ridge.posterior is None:
        return FlatRuns(lr, wd, response.seeds[np.nonzero(np.isfinite(response.select))[2]], value)
    lr, wd, value = lr[wd > 0], wd[wd > 0], value[wd > 0]
    centres = np.array([found.row.x for found in ridge.posterior.rows])
    rates = np.array([float(f"{value:.2e}") for value in np.exp(centres)])
    binned = rates[np.argmin(np.abs(np.log(lr)[:, None] - centres), axis=1)]
    decays = rounded(10.0 ** (np.round(np.log10(wd) * _PER_DECADE) / _PER_DECADE))
    taken: dict[tuple[float, float], int] = {}
    number = np.zeros(len(lr), dtype=np.int64)
    for index, cell in enumerate(zip(binned.tolist(), decays.tolist(), strict=True)):
        number[index] = taken.get(cell, 0)
        taken[cell] = int(number[index]) + 1
    return FlatRuns(binned, decays, number, value)
