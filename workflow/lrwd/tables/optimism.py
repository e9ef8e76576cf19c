"""Table of what choosing on test, on the best epoch, or as the maximum over cells adds to the reported accuracy."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.interval import mean_interval
from lrwd.stats.optimism import ALL, BEST_EPOCH, MAXIMUM, TEST, Accuracies, optimism
from lrwd.stats.surface import Floats

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "liberty", "top1_with", "top1_without", "optimism_pp", "ci_low_pp"),
    *("ci_high_pp", "num_seeds", "num_cells"),
)
# The columns of the runs that each comparison needs.
_VAL, _TEST, _BEST = "val_top1_final", "test_top1_final", "test_top1_best"
NEEDS = {TEST: (_VAL, _TEST), BEST_EPOCH: (_VAL, _TEST, _BEST), MAXIMUM: (_TEST,), ALL: (_VAL, _TEST, _BEST)}


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Compare each way of reporting the best cell of the grid with one that owes nothing to the choice.

    Args:
        runs: the runs table, one row a cell; of ``val_top1_final``, ``test_top1_final``, ``test_top1_best`` any may be
            absent.

    Returns:
        Four rows for each group with a grid; the difference is averaged over seeds, with a 95% t interval. Diverged
        runs take part where they have these accuracies.

    Source: see ``stats.optimism``.
    """
    rows = []
    for group in groups(runs):
        if group.grid is not None:
            rows += [{**group.key, **row} for row in _rows(group)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(group: Group) -> list[dict[str, Any]]:
    grid = group.runs[group.runs["in_grid"]]
    # Sorted by lr, then wd: the first of tied cells is chosen, as in all tables.
    cell = grid.groupby(["lr", "wd"], sort=True).ngroup().to_numpy()
    seeds, seed = np.unique(grid["seed"].to_numpy(), return_inverse=True)
    num_cells = int(cell.max()) + 1
    tables: dict[str, Floats] = {}
    for name in (_VAL, _TEST, _BEST):
        tables[name] = np.full((num_cells, len(seeds)), np.nan)
        if name in grid.columns:
            tables[name][cell, seed] = grid[name].to_numpy(dtype=float)
    found = optimism(Accuracies(tables[_VAL], tables[_TEST], tables[_BEST]))
    absent = [name for name, values in tables.items() if not np.isfinite(values).any()]
    return [{"liberty": liberty, "num_cells": num_cells, **_row(liberty, *found[liberty], absent)} for liberty in found]


def _row(liberty: str, with_it: Floats, without: Floats, absent: list[str]) -> dict[str, Any]:
    missing = [name for name in NEEDS[liberty] if name in absent]
    both = np.isfinite(with_it) & np.isfinite(without)
    if missing or not both.any():
        text = undefined(f"no {' and '.join(missing)} in the runs" if missing else "no seed has both accuracies")
        return dict.fromkeys(COLUMNS[5:10], text) | {"num_seeds": 0}
    result = mean_interval(100 * (with_it - without), paper.CI_LEVEL)
    return {
        "top1_with": float(with_it[both].mean()),
        "top1_without": float(without[both].mean()),
        "optimism_pp": result.mean,
        "ci_low_pp": or_undefined(result.ci_low, "fewer than 2 seeds"),
        "ci_high_pp": or_undefined(result.ci_high, "fewer than 2 seeds"),
        "num_seeds": result.num_values,
    }
