"""How every figure of a study begins: its title and subtitle, its input, and what it says if that is empty."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
from matplotlib.figure import Figure

from lrwd.analysis.surfaces import with_metric
from lrwd.analysis.undefined import reason
from lrwd.figures import _style
from lrwd.figures._cells import is_cloud
from lrwd.figures._groups import Group, first, grid_runs, groups, table
from lrwd.figures._metric import Metric, metric_of
from lrwd.figures._subtitle import subtitle

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Input:
    """What a figure is drawn from.

    Args:
        title: of the figure.
        study: name of the study.
        runs: the table of runs.
        tables: of the study, by name; those that it does not ask for are absent.
        rows: what the figure cannot do without: the runs of the grid, or the rows of its table; never empty.
        histories: one row a run and epoch, of the runs that the figure's ``cells`` names; empty if it has none.
        left_out: how many networks, recipes or data sets ``rows`` leaves out, so that the figure stays a page.
        by_accuracy: whether the figure is about accuracies, whatever the study's metric is.
    """

    title: str
    study: str
    runs: pd.DataFrame
    tables: Tables
    rows: pd.DataFrame
    histories: pd.DataFrame
    left_out: int = 0
    by_accuracy: bool = False

    @property
    def metric(self) -> Metric:
        """The metric of the study."""
        return metric_of(with_metric(self.runs))

    @property
    def groups(self) -> list[Group]:
        """The groups of ``rows``, in their order."""
        return groups(self.rows)

    def table(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """A table by name, or one without rows if the study does not have it."""
        return table(self.tables, name, columns)

    def new_figure(self, width: float, height: float) -> Figure:
        """An empty figure with its header; see ``_style.new_figure``."""
        what = subtitle(self.runs, self.study)
        if self.by_accuracy and not self.metric.is_accuracy:
            what += f" · about accuracy, though the study selects by {self.metric.name}"
        if self.left_out:
            what += f" · {self.left_out} more are not drawn (see the tables)"
        return _style.new_figure(self.title, what, width, height)


class Draw(Protocol):
    """What a figure's module offers as ``draw``.

    Args:
        runs: the table of runs.
        tables: of the study, by name.
        study: its name.
        histories: of the runs that the module's ``cells`` names.
    """

    def __call__(
        self, runs: pd.DataFrame, tables: Tables, study: str, histories: pd.DataFrame | None = None
    ) -> Figure: ...


Drawing = Callable[[Input], Figure]
KEYS = ("dataset", "recipe", "arch")


def from_grid(title: str, most: int, by_accuracy: bool = False, needs_rows: bool = False) -> Callable[[Drawing], Draw]:
    """Make a figure of the runs of the grid.

    Args:
        title: of the figure.
        most: networks that fit on a page.
        by_accuracy: whether it is about accuracies, as the paper's procedure is; else about the study's metric.
        needs_rows: whether it needs several weight decays at a learning rate, so that a random search has no place.
    """
    value, what = ("report_top1", " with an accuracy") if by_accuracy else ("report_metric", "")

    def rows(runs: pd.DataFrame, _tables: Tables, _histories: pd.DataFrame) -> pd.DataFrame:
        grid = grid_runs(runs, value)
        kept = [group.rows(grid) for group in groups(grid) if not (needs_rows and is_cloud(group.rows(grid)))]
        return pd.concat(kept) if kept else grid.iloc[:0]

    if needs_rows:
        what += " and other λ at the same η"
    if_empty = f"No grid training{what} has finished yet."
    return _figure(title, if_empty, rows, most, by_accuracy=by_accuracy)


def from_table(
    title: str,
    name: str,
    columns: Sequence[str],
    if_empty: str,
    most: int,
    by: Sequence[str] = KEYS,
    by_accuracy: bool = False,
    values: Sequence[str] = (),
) -> Callable[[Drawing], Draw]:
    """Make a figure of one of the study's tables.

    Args:
        title: of the figure.
        name: of the table.
        columns: of the table that the figure reads.
        if_empty: what the figure says if the table has no rows.
        most: panels or rows that fit on a page.
        by: columns that tell them apart.
        by_accuracy: as in ``from_grid``.
        values: columns without which there is nothing to draw: if all their entries are undefined, the figure says why.
    """

    def rows(_runs: pd.DataFrame, tables: Tables, _histories: pd.DataFrame) -> pd.DataFrame:
        return table(tables, name, columns)

    return _figure(title, if_empty, rows, most, by, by_accuracy, values)


def from_histories(title: str, most: int, by: Sequence[str] = KEYS) -> Callable[[Drawing], Draw]:
    """Make a figure of the histories of some runs of the grid; ``most`` and ``by`` as in ``from_table``."""

    def rows(runs: pd.DataFrame, _tables: Tables, histories: pd.DataFrame) -> pd.DataFrame:
        grid = grid_runs(runs)
        return grid.iloc[:0] if histories.empty else grid

    return _figure(title, "No training history to draw yet.", rows, most, by)


def _figure(
    title: str,
    if_empty: str,
    rows_of: Callable[[pd.DataFrame, Tables, pd.DataFrame], pd.DataFrame],
    most: int,
    by: Sequence[str] = KEYS,
    by_accuracy: bool = False,
    values: Sequence[str] = (),
) -> Callable[[Drawing], Draw]:
    def decorate(drawing: Drawing) -> Draw:
        @functools.wraps(drawing)
        @_style.styled
        def draw(runs: pd.DataFrame, tables: Tables, study: str, histories: pd.DataFrame | None = None) -> Figure:
            epochs = pd.DataFrame() if histories is None else histories
            rows = rows_of(runs, tables, epochs)
            if rows.empty:
                return _style.message_figure(title, subtitle(runs, study), if_empty)
            reasons = [reason(entry) for column in values if column in rows for entry in rows[column]]
            if reasons and all(reasons):
                why = "; ".join(list(dict.fromkeys(reasons))[:3])
                return _style.message_figure(title, subtitle(runs, study), f"Nothing to draw: {why}.")
            rows, left_out = first(rows, most, by)
            return drawing(Input(title, study, runs, tables, rows, epochs, left_out, by_accuracy))

        return draw

    return decorate
