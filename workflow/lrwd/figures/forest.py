"""Figure: the ratio rho of every architecture with its interval, beside the published ones."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd import paper
from lrwd.analysis.undefined import number, reason
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import Group, block_name, blocks, groups, name
from lrwd.figures._logzero import LogZero
from lrwd.figures._published import LOOKS, beyond, is_far, name_of
from lrwd.figures._rows import RowName, at_right, name_rows, separate
from lrwd.figures._style import FONT_SIZE, GREY, INK, dress, key, legend, looks
from lrwd.figures._text import interval, shortened

TITLE = "Ratio ρ of optimal weight decay and learning rate, by the paper's procedure"
COLUMNS = ("dataset", "arch", "label", "recipe", "rho", "rho_ci_low", "rho_ci_high")
ROW = 0.27


@dataclass(frozen=True)
class Row:
    """A line of the forest: a heading (no estimate), or an estimate with its look."""

    text: str
    values: tuple[object, object, object] | None
    colour: str
    marker: str
    published: bool

    @property
    def defined(self) -> list[float]:
        """The estimate and its limits, without those that are undefined."""
        return [] if self.values is None else [n for n in map(number, self.values) if np.isfinite(n)]


@from_table(TITLE, "table1", COLUMNS, "No ratio has been estimated yet.", most=30, by_accuracy=True, values=("rho",))
def draw(given: Input) -> Figure:
    """Forest plot of rho with 95% intervals, one row a group.

    The published Table 1 stands below, unless it lies so far away that most of the axis would be empty.
    """
    fits = given.rows
    measured = _measured(fits)
    values = [value for row in measured for value in row.defined]
    far = is_far(values, [value for row in paper.TABLE_1 for value in (row.rho, *row.rho_ci)])
    rows = measured + ([] if far else _published())
    if far and sum(row.values is None for row in rows) == 1:  # a heading would have nothing beside it
        rows = rows[1:]
    figure = given.new_figure(8.5, ROW * len(rows) + (1.05 if far else 0.85))
    axes = figure.subplots()
    dress(axes, grid="x")
    scale = _axis(axes, [value for row in rows for value in row.defined])
    for index, row in enumerate(rows):
        _draw_row(axes, scale, index, row)
    if far:
        low, high = min(row.rho for row in paper.TABLE_1), max(row.rho for row in paper.TABLE_1)
        beyond(axes, values, f"the ten published ρ, {low:.2f} to {high:.2f}, are")
    else:
        axes.axvline(paper.RHO, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    name_rows(
        axes,
        [
            RowName(index, row.text, heading=row.values is None, colour=INK if row.published else row.colour)
            for index, row in enumerate(rows)
        ],
    )
    axes.set_xlabel("ρ in λ* = ρη (η: peak learning rate, λ: weight decay; no unit)", size=FONT_SIZE)
    axes.text(1.02, 1.0, "ρ [95% CI]", transform=axes.transAxes, va="bottom", size=FONT_SIZE, weight="bold")
    legend(figure, _handles(published=not far))
    return figure


def _measured(fits: pd.DataFrame) -> list[Row]:
    listed = groups(fits)
    look = looks([group.label for group in listed])

    def row(group: Group, text: str) -> Row:
        fit = group.rows(fits).iloc[0]
        return Row(text, (fit["rho"], fit["rho_ci_low"], fit["rho_ci_high"]), *look[group.label], False)

    if len(listed) > 1 and all(len(members) == 1 for members in blocks(listed).values()):
        # A heading for each row would only double their number.
        return [Row("measured", None, INK, "", False), *(row(group, name(group, listed)) for group in listed)]
    rows: list[Row] = []
    for (dataset, recipe), members in blocks(listed).items():
        rows.append(Row(f"measured: {block_name(dataset, recipe, listed)}", None, INK, "", False))
        rows += [row(group, shortened(group.label)) for group in members]
    return rows


def _published() -> list[Row]:
    rows: list[Row] = []
    for dataset in paper.DATASETS:
        colour, marker = LOOKS[dataset]
        rows.append(Row(name_of(dataset), None, INK, "", True))
        rows += [
            Row(row.label, (row.rho, *row.rho_ci), colour, marker, True)
            for row in paper.TABLE_1
            if row.dataset == dataset
        ]
    return rows


def _axis(axes: Axes, values: list[float]) -> LogZero | None:
    """Set the axis up; returns its scale, None if it is linear."""
    scale = LogZero.if_needed(values)
    if scale is not None:
        scale.apply(axes, "x", most=9)
    else:
        low, high = min([*values, 0.0]), max([*values, 2 * paper.RHO])
        axes.set_xlim(low, high + 0.04 * (high - low))
    return scale


def _draw_row(axes: Axes, scale: LogZero | None, index: int, row: Row) -> None:
    if row.values is None:
        separate(axes, index - 0.5)
        return
    if reason(row.values[0]):
        at_right(axes, index, "no estimate", color=GREY)
        return
    places = [float(scale.place(value)) if scale else value for value in map(number, row.values)]
    # White edges keep a published marker's outline apart from the interval's line.
    face = "white" if row.published else row.colour
    if np.isfinite(places[1:]).all():
        axes.plot(places[1:], [index, index], color=row.colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
        axes.plot(places[1:], [index, index], "|", color=row.colour, markersize=7, zorder=2)
    axes.plot(
        places[0], index, row.marker, color=face, markeredgecolor=row.colour, markeredgewidth=1.4,
        markersize=7, zorder=3, clip_on=False,
    )  # fmt: skip
    at_right(axes, index, interval(*row.values))


def _handles(published: bool) -> list:
    entries = [key("measured here", marker="o", color=INK, markersize=7, linewidth=1.8)]
    if not published:
        return entries
    for dataset in paper.DATASETS:
        colour, marker = LOOKS[dataset]
        entries.append(
            key(
                name_of(dataset), marker=marker, color=colour, markerfacecolor="white", markersize=7,
                markeredgewidth=1.4, linewidth=1.8,
            )
        )  # fmt: skip
    entries.append(key(f"published ρ = {paper.RHO:.2f}", color=INK, linewidth=1.0, linestyle=(0, (4, 2))))
    return entries
