"""The best cell of each recipe at equal budget: where it is, what it reports, and how the recipes differ there."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.settings import Setting, setting_of
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.cross_fit import chosen, cross_fitted
from lrwd.stats.gap import best_cell
from lrwd.stats.interval import mean_interval
from lrwd.stats.surface import Floats, Surface

_OF_BEST = (
    *("best_lr", "best_wd", "lr_edge", "wd_edge", "best_top1", "best_ci_low", "best_ci_high"),
    *("best_cf_top1", "best_cf_ci_low", "best_cf_ci_high"),
)
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "optimizer", "schedule", "epochs", "batch_size", "images_seen"),
    *("num_lr", "num_cells", "num_seeds", *_OF_BEST),
    *("compared_with", "difference_pp", "difference_ci_low_pp", "difference_ci_high_pp"),
)
NO_GRID = "no grid run"
_ONE_SEED = "fewer than 2 seeds at the best cell"
_ONE_FOLD = "fewer than 2 seeds that the others choose a cell for"


def best_of_each(runs: pd.DataFrame, same: str) -> pd.DataFrame:
    """The best cell of each group, compared with the first recipe of the same budget.

    Args:
        runs: the runs table, one row a cell.
        same: what else recipes that are compared have in common: ``schedule`` or ``optimizer``.

    Returns:
        One row for each group. ``select_top1`` chooses the cell with the best mean over seeds, ``best_top1`` is the
        mean of ``report_top1`` there with its 95% t interval over seeds. ``best_cf_top1`` is cross-fitted: each seed is
        scored at the cell that the other seeds choose. The difference is between cross-fitted scores, paired by seed,
        with a 95% t interval.
    """
    listed = [(group, setting_of(group)) for group in groups(runs)]
    rows = []
    for group, setting in listed:
        first = next(pair[0] for pair in listed if _place(*pair, same) == _place(group, setting, same))
        names = ("optimizer", "schedule", "epochs", "batch_size")
        row = {**group.key, **{name: getattr(setting, name) for name in names}, "images_seen": setting.images}
        rows.append(row | _best(group) | _difference(group, first))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _place(group: Group, setting: Setting, same: str) -> tuple[Any, ...]:
    """Groups are compared if they agree in this: network, data set, budget, and optimizer or schedule."""
    return (group.dataset, group.arch, getattr(setting, same), setting.batch_size, setting.images)


def _best(group: Group) -> dict[str, Any]:
    grid = group.grid
    if grid is None:
        entries = dict.fromkeys(_OF_BEST, undefined(NO_GRID))
        return entries | dict.fromkeys(("num_lr", "num_cells", "num_seeds"), 0)
    best = best_cell(grid)
    select, report = _by_cell(grid)
    plain = mean_interval(chosen(select, report), paper.CI_LEVEL)
    crossed = mean_interval(cross_fitted(select, report), paper.CI_LEVEL)
    wds = group.runs.loc[group.runs["in_grid"] & (group.runs["lr"] == best.lr), "wd"]
    return {
        "num_lr": len(grid.lr),
        "num_cells": len(group.runs.loc[group.runs["in_grid"], ["lr", "wd"]].drop_duplicates()),
        "num_seeds": grid.num_seeds,
        "best_lr": best.lr,
        "best_wd": best.wd,
        "lr_edge": _edge(best.lr, grid.lr.min(), grid.lr.max()),
        "wd_edge": "zero" if best.wd == 0 else _edge(best.wd, wds.min(), wds.max()),
        "best_top1": or_undefined(plain.mean, "no reported accuracy at the best cell"),
        "best_ci_low": or_undefined(plain.ci_low, _ONE_SEED),
        "best_ci_high": or_undefined(plain.ci_high, _ONE_SEED),
        "best_cf_top1": or_undefined(crossed.mean, _ONE_FOLD),
        "best_cf_ci_low": or_undefined(crossed.ci_low, _ONE_FOLD),
        "best_cf_ci_high": or_undefined(crossed.ci_high, _ONE_FOLD),
    }


def _edge(value: float, low: float, high: float) -> str:
    return "low" if value == low else "high" if value == high else "interior"


def _difference(group: Group, first: Group) -> dict[str, Any]:
    names = ("difference_pp", "difference_ci_low_pp", "difference_ci_high_pp")
    row: dict[str, Any] = {"compared_with": first.recipe}
    if group is first:
        return row | dict.fromkeys(names, undefined("the first recipe of this budget"))
    if group.grid is None or first.grid is None:
        return row | dict.fromkeys(names, undefined(NO_GRID))
    scores = [
        pd.Series(cross_fitted(*_by_cell(side.grid)), index=side.grid.seeds)
        for side in (group, first)
        if side.grid is not None
    ]
    result = mean_interval((100 * (scores[0] - scores[1])).to_numpy(dtype=float), paper.CI_LEVEL)
    few = "fewer than 2 seeds in both"
    values = (result.mean, result.ci_low, result.ci_high)
    return row | {name: or_undefined(value, few) for name, value in zip(names, values, strict=True)}


def _by_cell(surface: Surface) -> tuple[Floats, Floats]:
    """The accuracies that select and that are reported, by cell and seed; (C, S) each."""
    return (
        surface.select.reshape(-1, surface.num_seeds),
        surface.report.reshape(-1, surface.num_seeds),
    )
