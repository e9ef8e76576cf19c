"""Table of Gap_1D: what tuning lr alone on the line wd = rho·lr loses against the whole grid."""

import math
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.on_ratio import known_rho
from lrwd.analysis.surfaces import Group, groups, surface_of
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.cross_fit import cross_fitted
from lrwd.stats.equivalence import paired_tost
from lrwd.stats.gap import best_cell, difference, gap_interval
from lrwd.stats.ratio import fit_ratio
from lrwd.stats.selection import select_wd
from lrwd.stats.surface import Surface

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "best_2d_top1", "best_2d_lr", "best_2d_wd", "best_1d_top1"),
    *("best_1d_lr", "best_1d_wd", "gap_pp", "gap_ci_low_pp", "gap_ci_high_pp", "num_runs_2d"),
    *("num_runs_1d", "seed_sd_pp"),
    *("gap_cf_pp", "gap_cf_ci_low_pp", "gap_cf_ci_high_pp", "p_equivalent_0_30", "equivalent_0_30", "num_folds"),
    *("rho", "rho_from", "runs_charged_2d", "runs_charged_1d", "saving_factor"),
)
_CROSS_FITTED = ("gap_cf_pp", "gap_cf_ci_low_pp", "gap_cf_ci_high_pp", "p_equivalent_0_30", "equivalent_0_30")
# The ratio of the line is rounded to 4 digits, as it becomes part of paths.
_SAME_RHO = 1e-3
FROM_GRID, GIVEN = "the grid", "given beforehand"
_NO_GRID, _NO_LINE = "no grid run", "no run on the line wd = rho·lr (kappa = 1)"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Gap_1D = a*_2D - a*_1D: ``select_top1`` chooses each best cell, ``report_top1`` is compared.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group; 95% percentile interval, both best cells chosen anew in each resample of
        the seeds. seed_sd_pp is the SD over seeds at the best cell of the grid. Only trained runs count.
        ``gap_cf_pp`` is cross-fitted: each seed is scored at the cells that the other seeds choose; the mean over
        seeds, its 95% t interval and the paired test of equivalence within ±0.3 pp. ``runs_charged_1d`` counts the
        grid too where the line's ratio was estimated from it.

    Source: paper §3.4 and §4.3; cross-fitting, test and charge are ours.
    """
    return pd.DataFrame([_row(group) for group in groups(runs)], columns=list(COLUMNS))


def _row(group: Group) -> dict[str, Any]:
    on_line = group.runs[group.runs["kappa"] == 1]
    if len(on_line):
        known_rho(group)  # raises if the runs at kappa = 1 are on several lines
    in_grid = group.runs[group.runs["in_grid"]]
    seeds = sorted({*in_grid["seed"], *on_line["seed"]})
    row: dict[str, Any] = {**group.key, "num_runs_2d": len(in_grid), "num_runs_1d": len(on_line)}
    row |= _charge(group, in_grid, on_line)
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
        names = ("gap_pp", "gap_ci_low_pp", "gap_ci_high_pp", *_CROSS_FITTED)
        return row | dict.fromkeys(names, text) | {"num_folds": 0}
    row |= _cross_fitted(surfaces["2d"], surfaces["1d"])
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


def _cross_fitted(grid: Surface, line: Surface) -> dict[str, Any]:
    """The mean over seeds of the gap between the cells that the other seeds choose, and the test of equivalence."""
    scores = [
        cross_fitted(*(values.reshape(-1, side.num_seeds) for values in (side.select, side.report)))
        for side in (grid, line)
    ]
    result = paired_tost(100 * difference(*scores), paper.GAP_BOUND_PP, paper.CI_LEVEL)
    few = "fewer than 2 seeds with a run at both chosen cells"
    p = or_undefined(result.p, few if result.num_pairs < 2 else "the gaps of the seeds do not vary")
    # If one cell is the best on both sides, the gaps do not vary and there is no p; then their value decides.
    within = result.p < 1 - paper.CI_LEVEL or (
        result.ci_low == result.ci_high and abs(result.mean) < paper.GAP_BOUND_PP
    )
    equivalent = "yes" if within else "not shown"
    return {
        "gap_cf_pp": or_undefined(result.mean, "no seed has a run at both cells that the others choose"),
        "gap_cf_ci_low_pp": or_undefined(result.ci_low, few),
        "gap_cf_ci_high_pp": or_undefined(result.ci_high, few),
        "p_equivalent_0_30": p,
        "equivalent_0_30": undefined(few) if result.num_pairs < 2 else equivalent,
        "num_folds": result.num_pairs,
    }


def _charge(group: Group, in_grid: pd.DataFrame, on_line: pd.DataFrame) -> dict[str, Any]:
    """Runs that each protocol needs; those from which the line's ratio was estimated are charged to the line."""
    names = ("rho", "rho_from", "runs_charged_1d", "saving_factor")
    entries: dict[str, Any] = {"runs_charged_2d": len(in_grid)}
    if not len(on_line):
        return entries | dict.fromkeys(names, undefined(_NO_LINE))
    rho = float((on_line["wd"] / on_line["lr"]).median())
    estimate = fit_ratio(group.grid.lr, select_wd(group.grid).wd).rho if group.grid is not None else np.nan
    # The published ratio needs no grid, even where a grid of ratios happens to give it.
    known = math.isclose(rho, paper.RHO, rel_tol=1e-9)
    estimated = not known and estimate > 0 and abs(rho / estimate - 1) <= _SAME_RHO
    # A run that is both in the grid and on the line is trained once.
    charged = len(on_line) + (len(in_grid) - int(on_line["in_grid"].sum())) * estimated
    saving = len(in_grid) / charged if len(in_grid) else np.nan
    return entries | {
        "rho": rho,
        "rho_from": FROM_GRID if estimated else GIVEN,
        "runs_charged_1d": charged,
        "saving_factor": or_undefined(saving, _NO_GRID),
    }
