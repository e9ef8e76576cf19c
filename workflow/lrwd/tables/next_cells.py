"""What to run next: the cells that narrow the slope of the ridge most, why, and what to expect of them."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.binned import flat_runs
from lrwd.analysis.response import response_of
from lrwd.analysis.ridges import fit_response
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined
from lrwd.seeds import derive
from lrwd.stats.next_cells import Limits, next_cells
from lrwd.stats.row_ridge import exclusion_text

NUM_CELLS = 24
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "place", "lr", "wd", "seed", "reason", "half_width", "half_width_after"),
    *("p_excludes_ratio", "p_excludes_constant", "p_excludes_timescale", "expected"),
)
# Beyond the weight decays run by this factor, and so many seeds more than the most-repeated cell has.
_BEYOND, _MORE_SEEDS = 10.0, 3
_RANDOM_SEED = 0


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """List up to 24 runs for each group, the most useful first.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each run; none for a group without a run with weight decay. ``half_width`` is that of the 95%
        interval of b now, ``half_width_after`` and the probabilities that each slope is excluded are expected after
        all 24. Of scattered runs, lr is the middle of a row of nearby learning rates.

    Source: see ``stats.next_cells``.
    """
    return pd.DataFrame([row for group in groups(runs) for row in _rows(group)], columns=list(COLUMNS))


def _rows(group: Group) -> list[dict[str, Any]]:
    response = response_of(group)
    ridge = None if response is None else fit_response(response)
    if response is None or ridge is None or ridge.posterior is None:
        return []
    flat = flat_runs(response, ridge)
    decays = flat.wd[flat.wd > 0]
    most = max(len(flat.used_seeds(lr, wd)) for lr, wd in {*zip(flat.lr.tolist(), flat.wd.tolist(), strict=True)})
    limits = Limits(float(decays.min()) / _BEYOND, float(decays.max()) * _BEYOND, most + _MORE_SEEDS)
    generator = np.random.default_rng(derive(_RANDOM_SEED, "next_cells", group.name))
    batch = next_cells(flat, ridge, limits, NUM_CELLS, generator)
    none = batch.reason or "unknown"
    shared = {
        "half_width": or_undefined(batch.half_width, none),
        "half_width_after": or_undefined(batch.half_width_after, none),
        **{
            f"p_excludes_{name}": or_undefined(p, none)
            for name, p in zip(("ratio", "constant", "timescale"), batch.p_excluded, strict=True)
        },
        "expected": exclusion_text(batch.expected_excluded),
    }
    return [
        {**group.key, "place": place, "lr": cell.lr, "wd": cell.wd, "seed": cell.seed, "reason": cell.reason, **shared}
        for place, cell in enumerate(batch.cells, 1)
    ]
