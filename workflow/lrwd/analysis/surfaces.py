"""Turns the runs table into one accuracy surface for each (data set, architecture, recipe)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.errors import DataError
from lrwd.runs.table import typed
from lrwd.stats.surface import Surface

NEEDED = (
    *("dataset", "arch", "label", "recipe", "lr", "wd", "seed", "in_grid", "kappa", "rho", "status"),
    *("select_top1", "report_top1"),
)
KEYS = ["dataset", "arch", "recipe"]


@dataclass(frozen=True, eq=False)
class Group:
    """All runs of one architecture on one data set with one recipe.

    Args:
        dataset, arch, label, recipe: which.
        runs: its rows of the runs table that have an accuracy.
        metric_runs: its rows that have the metric on which the study selects, with ``metric`` and ``direction``.
        grid: the surface of accuracies on its grid, or None where it has no such run yet.
        num_diverged: its diverged grid runs.
        num_missing: grid runs (lr, wd, seed) that it lacks, of those that any architecture of the same
            data set and recipe makes one expect (a study crosses lr × wd × seed × architecture); of a sequential
            study, those that were asked for.
    """

    dataset: str
    arch: str
    label: str
    recipe: str
    runs: pd.DataFrame
    metric_runs: pd.DataFrame
    grid: Surface | None
    num_diverged: int
    num_missing: int

    @property
    def name(self) -> str:
        """The group's name in messages."""
        return f"{self.dataset}, {self.arch}, {self.recipe}"

    @property
    def key(self) -> dict[str, str]:
        """The columns that identify the group in a table."""
        return {"dataset": self.dataset, "arch": self.arch, "label": self.label, "recipe": self.recipe}


def groups(runs: pd.DataFrame) -> list[Group]:
    """Split the runs table into its groups, in the order of their first run.

    Raises:
        DataError: a column is missing, or a cell occurs twice.
    """
    runs = checked(runs)
    result = []
    for _, together in runs.groupby(["dataset", "recipe"], sort=False):
        in_grid = together[together["in_grid"]]
        num_expected = len(in_grid[["lr", "wd"]].drop_duplicates()) * in_grid["seed"].nunique()
        for (dataset, arch, recipe), own in together.groupby(KEYS, sort=False):
            grid = own[own["in_grid"]]
            accurate = grid[grid["select_top1"].notna()]
            result.append(
                Group(
                    dataset=str(dataset),
                    arch=str(arch),
                    label=str(own["label"].iloc[0]),
                    recipe=str(recipe),
                    runs=own[own["select_top1"].notna()],
                    metric_runs=own[own["select_metric"].notna()],
                    grid=surface_of(accurate, sorted(accurate["seed"].unique())) if len(accurate) else None,
                    num_diverged=int((grid["status"] == "diverged").sum()),
                    num_missing=_num_asked(own, num_expected) - len(grid),
                )
            )
    return result


def _num_asked(own: pd.DataFrame, expected: int) -> int:
    asked = own["num_asked"].dropna().tolist() if "num_asked" in own else []
    return int(asked[0]) if asked else expected


def checked(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows that have an accuracy or the study's metric, each column with its type.

    Raises:
        DataError: a column is missing, an entry is not of its column's type, or a cell occurs twice.
    """
    absent = [name for name in NEEDED if name not in runs.columns]
    if absent:
        raise DataError(f"runs: column {', '.join(absent)} is missing; needed: {', '.join(NEEDED)}")
    runs = with_metric(typed(runs))
    runs = runs[runs["select_top1"].notna() | runs["select_metric"].notna()]
    twice = runs.duplicated([*KEYS, "lr", "wd", "seed"])
    if twice.any():
        cell = runs.loc[twice, [*KEYS, "lr", "wd", "seed"]].iloc[0].to_dict()
        raise DataError(f"runs: the cell {cell} occurs twice; allowed: one row a cell")
    return runs


def with_metric(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs with the columns of the study's metric; a table of an earlier version knows accuracy only."""
    if "select_metric" in runs:
        return runs
    return runs.assign(
        metric="top1", direction="max", select_metric=runs["select_top1"], report_metric=runs["report_top1"]
    )


def surface_of(runs: pd.DataFrame, seeds: Sequence[int]) -> Surface:
    """Arrange the runs of one group as a surface, NaN where a run is missing.

    Args:
        runs: at least one row; every seed is in ``seeds``.
        seeds: the seeds of the last axis.
    """
    lr, row = np.unique(runs["lr"].to_numpy(dtype=float), return_inverse=True)
    run_wd = runs["wd"].to_numpy(dtype=float)
    axes = [np.unique(run_wd[row == i]) for i in range(len(lr))]
    wd = np.full((len(lr), max(len(axis) for axis in axes)), np.nan)
    column = np.zeros(len(runs), dtype=np.int64)
    for i, axis in enumerate(axes):
        wd[i, : len(axis)] = axis
        column[row == i] = np.searchsorted(axis, run_wd[row == i])
    seed_axis = np.asarray(seeds, dtype=np.int64)
    position = np.searchsorted(seed_axis, runs["seed"].to_numpy(dtype=np.int64))
    values = {}
    for name in ("select", "report"):
        values[name] = np.full((*wd.shape, len(seed_axis)), np.nan)
        values[name][row, column, position] = runs[f"{name}_top1"].to_numpy(dtype=float)
    return Surface(lr=lr, wd=wd, seeds=seed_axis, select=values["select"], report=values["report"])
