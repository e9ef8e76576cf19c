"""The groups (data set, architecture, recipe) of a study: their order, names and panels."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.surfaces import with_metric
from lrwd.figures._style import MAX_WIDTH, family_order
from lrwd.figures._text import shortened


@dataclass(frozen=True)
class Group:
    """One architecture trained on one data set with one recipe; it has its own panel or row in a figure."""

    dataset: str
    recipe: str
    arch: str
    label: str

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Rows of a frame (runs, a table, histories) that belong to this group."""
        keep = (frame["dataset"] == self.dataset) & (frame["recipe"] == self.recipe) & (frame["arch"] == self.arch)
        return frame[keep]

    def row(self, frame: pd.DataFrame) -> "pd.Series | None":
        """The row that a table has for this group, or None if it has none yet."""
        rows = self.rows(frame)
        return rows.iloc[0] if len(rows) else None


def grid_runs(runs: pd.DataFrame, value: str = "report_metric") -> pd.DataFrame:
    """Runs that belong to the grid and have a value: by default, of the study's metric."""
    runs = with_metric(runs)
    return runs[runs["in_grid"] & runs[value].notna()]


def best_cell(rows: pd.DataFrame) -> tuple[float, float]:
    """The (lr, wd) of a group's grid runs at which the study's metric is best, on the mean of the seeds."""
    mean = rows.groupby(["lr", "wd"])["select_metric"].mean()
    return mean.idxmin() if rows["direction"].iloc[0] == "min" else mean.idxmax()  # type: ignore[return-value]


def table(tables: dict[str, pd.DataFrame], name: str, columns: Sequence[str]) -> pd.DataFrame:
    """A table by name, or one without rows where the study does not ask for it."""
    return tables[name] if name in tables else pd.DataFrame(columns=list(columns))


def groups(runs: pd.DataFrame) -> list[Group]:
    """Groups in a runs table, by data set, recipe, and architecture (the paper's families first)."""
    found = runs[["dataset", "recipe", "arch", "label"]].drop_duplicates(["dataset", "recipe", "arch"])
    listed = [Group(*map(str, row)) for row in found.itertuples(index=False)]
    return sorted(listed, key=lambda group: (group.dataset, group.recipe, family_order(group.label)))


def first(rows: pd.DataFrame, most: int, by: Sequence[str]) -> tuple[pd.DataFrame, int]:
    """The rows of the first ``most`` combinations of the columns ``by``, and how many combinations are left out.

    They are in the order of the figures: the paper's families of architectures come before others.
    """
    found = rows[[*by]].astype(str).drop_duplicates()
    if len(found) <= most:
        return rows, 0
    if "arch" in by:
        found["family"] = [family_order(str(rows.loc[index, "label"])) for index in found.index]
    kept = found.sort_values([name if name != "arch" else "family" for name in by], kind="stable").head(most)
    names = set(kept[[*by]].itertuples(index=False, name=None))
    keep = [one in names for one in rows[[*by]].astype(str).itertuples(index=False, name=None)]
    return rows[keep], len(found) - most


def blocks(listed: Sequence[Group]) -> dict[tuple[str, str], list[Group]]:
    """Groups by (data set, recipe); only groups of one block may share a colour scale or be averaged."""
    result: dict[tuple[str, str], list[Group]] = {}
    for group in listed:
        result.setdefault((group.dataset, group.recipe), []).append(group)
    return result


def recipe_names(recipes: Iterable[str]) -> dict[str, str]:
    """How recipes are called in a figure: without the words that all names begin with, and with spaces.

    A recipe whose name is just these words is the one that the others extend; it keeps its name. Of ``short``,
    ``short_sgd`` and ``short_sgd_l2``, the names are "short", "sgd" and "sgd l2".
    """
    words = {recipe: recipe.split("_") for recipe in recipes}
    same = [len(set(at)) == 1 for at in zip(*words.values(), strict=False)]
    common = [*same, False].index(False) if len(words) > 1 else 0
    return {recipe: " ".join(own[common:] or own) for recipe, own in words.items()}


def block_name(dataset: str, recipe: str, listed: Sequence[Group]) -> str:
    """Name of a data set and recipe; whichever the study has only one of is left out."""
    several_recipes = len({group.recipe for group in listed}) > 1
    several_datasets = len({group.dataset for group in listed}) > 1
    names = [dataset] if several_datasets or not several_recipes else []
    if several_recipes:
        names.append(recipe_names(group.recipe for group in listed)[recipe])
    return ", ".join(map(shortened, names))


def name(group: Group, listed: Sequence[Group]) -> str:
    """Name of a group, naming data set, recipe and architecture only where they differ within the figure."""
    several = len({(other.dataset, other.recipe) for other in listed}) > 1
    if several and len({other.arch for other in listed}) == 1:
        return block_name(group.dataset, group.recipe, listed)
    # Two architectures may share a label; then the name in the configuration is added.
    double = len({other.arch for other in listed if other.label == group.label}) > 1
    label = f"{shortened(group.label)} ({shortened(group.arch)})" if double else shortened(group.label)
    return f"{label} · {block_name(group.dataset, group.recipe, listed)}" if several else label


def _lines_of(listed: Sequence[Group]) -> list[list[Group]]:
    """Groups in lists whose panels each start a new row."""
    found = list(blocks(listed).values())
    return [list(listed)] if all(len(block) == 1 for block in found) else found


def columns_and_width(listed: Sequence[Group]) -> tuple[int, float]:
    """Number of panel columns and the figure's width (inches) that keep panels readable."""
    most = max(len(block) for block in _lines_of(listed))
    count = {1: 1, 2: 2, 4: 2}.get(most, 3)
    return count, {1: 6.5, 2: 8.5, 3: MAX_WIDTH}[count]


def num_rows(listed: Sequence[Group], columns: int) -> int:
    """Rows of panels needed."""
    return sum(-(-len(line) // columns) for line in _lines_of(listed))


def panels(figure: Figure, listed: Sequence[Group], columns: int) -> dict[Group, Axes]:
    """A panel for each group; each data set and recipe starts a new row, unless all of them have one architecture."""
    grid = figure.subplots(num_rows(listed, columns), columns, squeeze=False)
    result: dict[Group, Axes] = {}
    start = 0
    for line in _lines_of(listed):
        for index, group in enumerate(line):
            result[group] = grid[start + index // columns, index % columns]
        start += -(-len(line) // columns)
    for axes in grid.flat:
        if axes not in result.values():
            axes.remove()
    return result
