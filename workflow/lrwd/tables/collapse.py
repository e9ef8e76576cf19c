"""Table of how well the accuracy curves of all lr become one against wd/lr, wd and lr*wd."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.collapse import Collapse, collapse

# What the curves are drawn against: x = ln wd - b·ln lr.
AXES = {"wd/lr": 1.0, "wd": 0.0, "lr*wd": -1.0}
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "x", "collapse", "collapse_ci_low", "collapse_ci_high", "best"),
    *("best_probability", "num_pairs", "num_points"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Measure for each group how well the curves collapse on each of the three axes.

    Args:
        runs: the runs table, one row a cell; accuracies are those that select.

    Returns:
        Three rows for each group: a share in [0, 1] with its 95% percentile interval over the seeds, and which of the
        three is best.

    Source: see ``stats.collapse``.
    """
    return pd.DataFrame([row for group in groups(runs) for row in _rows(group)], columns=list(COLUMNS))


def _rows(group: Group) -> list[dict[str, Any]]:
    if group.grid is None:
        entries = dict.fromkeys(COLUMNS[5:10], undefined("no grid run")) | {"num_pairs": 0, "num_points": 0}
        return [{**group.key, "x": axis, **entries} for axis in AXES]
    found = collapse(group.grid, np.array(list(AXES.values())), paper.CI_LEVEL)
    return [{**group.key, "x": axis, **_row(found, index)} for index, axis in enumerate(AXES)]


def _row(found: Collapse, index: int) -> dict[str, Any]:
    # If two axes are equal, neither is the best.
    alone = bool(np.sum(found.value >= found.value[index]) == 1)
    return {
        "collapse": or_undefined(found.value[index], found.reason),
        "collapse_ci_low": or_undefined(found.ci_low[index], found.ci_reason),
        "collapse_ci_high": or_undefined(found.ci_high[index], found.ci_reason),
        "best": undefined(found.reason) if found.reason else "yes" if alone else "no",
        "best_probability": or_undefined(found.best_probability[index], found.ci_reason),
        "num_pairs": found.num_pairs,
        "num_points": int(found.num_points[index]),
    }
