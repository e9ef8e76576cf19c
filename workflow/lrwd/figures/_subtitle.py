"""The line under every figure's title: what was run, counted from the runs themselves."""

import pandas as pd

from lrwd.figures._cells import is_cloud
from lrwd.figures._text import shortened

GROUP = ["dataset", "recipe", "arch"]


def subtitle(runs: pd.DataFrame, study: str) -> str:
    """Say what was trained: ``study demo · 5 architectures · 300 grid trainings + …``.

    A cell counts as missing if it was trained with another architecture or seed on the same data set and recipe, but
    not with this one. Cells that nobody has trained yet cannot be known from the runs.

    Args:
        runs: results/runs.csv of the study.
        study: its name.
    """
    if runs.empty:
        return f"study {study} · no finished training yet"
    grid = runs["in_grid"]
    line = runs["kappa"].notna()
    num_datasets, num_recipes = len(set(runs["dataset"])), len(set(runs["recipe"]))
    labels = set(runs["label"])
    one = shortened(str(runs["label"].iloc[0]))
    parts = [f"study {study}", one if len(labels) == 1 else _count(len(labels), "architecture")]
    if num_datasets > 1:
        parts.append(_count(num_datasets, "data set"))
    else:
        parts.append(f"data set {shortened(str(runs['dataset'].iloc[0]))}")
    if num_recipes > 1:
        parts.append(_count(num_recipes, "recipe"))
    trained = _count(int(grid.sum()), "grid training")
    if (line & ~grid).any():
        trained += f" + {int((line & ~grid).sum())} more on the line λ = κρη"
    parts.append(trained)
    parts.append(_seeds(runs))
    num_diverged = int((runs["status"] == "diverged").sum())
    if num_diverged:
        parts.append(f"{num_diverged} diverged")
    # Of a sequential study it is known how many cells of the grid were asked for.
    fixed = grid & runs["num_asked"].isna() if "num_asked" in runs else grid
    # Of a random search, no cell is expected of several architectures.
    scattered = [index for _, own in runs[fixed].groupby(GROUP) if is_cloud(own) for index in own.index]
    fixed &= ~runs.index.isin(scattered)
    chosen = runs[grid & runs["num_asked"].notna()] if "num_asked" in runs else runs.iloc[:0]
    num_failed = sum(int(own["num_asked"].iloc[0]) - len(own) for _, own in chosen.groupby(GROUP))
    num_missing = num_failed + _missing(runs[fixed], ["lr", "wd"]) + _missing(runs[line], ["lr", "kappa"])
    if num_missing:
        parts.append(f"{num_missing} missing")
    parts.append("measured")
    return " · ".join(parts)


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _seeds(runs: pd.DataFrame) -> str:
    per_cell = runs.groupby([*GROUP, "lr", "wd"])["seed"].nunique()
    low, high = int(per_cell.min()), int(per_cell.max())
    return _count(high, "seed") if low == high else f"{low} to {high} seeds a cell"


def _missing(runs: pd.DataFrame, axes: list[str]) -> int:
    missing = 0
    for _, together in runs.groupby(["dataset", "recipe"]):
        num_cells = len(together[axes].drop_duplicates()) * together["seed"].nunique()
        missing += num_cells * together["arch"].nunique() - len(together)
    return missing
