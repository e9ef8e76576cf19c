"""Table of Gap_1D: what tuning lr alone on the line wd = rho·lr loses against the whole grid."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis._on_ratio import known_rho
from lrwd.analysis._surfaces import Group, groups, surface_of
from lrwd.analysis._undefined import or_undefined, undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.gap import best_cell, difference, gap_interval

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "best_2d_top1", "best_2d_lr", "best_2d_wd", "best_1d_top1"),
    *("best_1d_lr", "best_1d_wd", "gap_pp", "gap_ci_low_pp", "gap_ci_high_pp", "num_runs_2d"),
    *("num_runs_1d", "seed_sd_pp"),
)
_NO_GRID, _NO_LINE = "no grid run", "no run on the line wd = rho·lr (kappa = 1)"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Gap_1D = a*_2D - a*_1D: ``select_top1`` chooses each best cell, ``report_top1`` is compared.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group; 95% percentile interval, both best cells chosen anew in each resample of
        the seeds. seed_sd_pp is the SD over seeds at the best cell of the grid. Only trained runs count.

    Source: paper §3.4 and §4.3.
    """
    return pd.DataFrame([_row(group) for group in groups(runs)], columns=list(COLUMNS))


def _row(group: Group) -> dict[str, Any]:
    on_line = group.runs[group.runs["kappa"] == 1]
    if len(on_line):
        known_rho(group)  # raises if the runs at kappa = 1 are on several lines
    in_grid = group.runs[group.runs["in_grid"]]
    seeds = sorted({*in_grid["seed"], *on_line["seed"]})
    row: dict[str, Any] = {**group.key, "num_runs_2d": len(in_grid), "num_runs_1d": len(on_line)}
    best = {}
    surfaces = {}
    for side, side_runs, absent in (("2d", in_grid, _NO_GRID), ("1d", on_line, _NO_LINE)):
        if len(side_runs):
            surfaces[side] = surface_of(side_runs, seeds)
            best[side] = best_cell(surfaces[side])
        for name in ("top1", "lr", "wd"):
            value = getattr(best[side], name) if side in best else undefined(absent)
            row[f"best_{side}_{name}"] = value
    sd = 100 * best["2d"].seed_sd if "2d" in best else np.nan
    row["seed_sd_pp"] = or_undefined(sd, "fewer than 2 seeds at the best cell of the grid")
    if len(best) < 2:
        text = undefined(_NO_GRID if "2d" not in best else _NO_LINE)
        return row | dict.fromkeys(("gap_pp", "gap_ci_low_pp", "gap_ci_high_pp"), text)
    gap = 100 * float(difference(np.array(best["2d"].top1), np.array(best["1d"].top1)))
    row["gap_pp"] = or_undefined(gap, "no reported accuracy at a best cell")
    reason = no_interval_reason(len(seeds))
    if reason:
        return row | dict.fromkeys(("gap_ci_low_pp", "gap_ci_high_pp"), undefined(reason))
    low, high = gap_interval(surfaces["2d"], surfaces["1d"], paper.CI_LEVEL)
    no_pair = "no resample of the seeds has runs on both sides"
    return row | {
        "gap_ci_low_pp": or_undefined(100 * low, no_pair),
        "gap_ci_high_pp": or_undefined(100 * high, no_pair),
    }
