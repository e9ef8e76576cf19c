"""Figure: what choosing on test, on the best epoch, or as the maximum over cells adds to the accuracy."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import number
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import block_name, blocks, name
from lrwd.figures._rows import RowName, at_right, name_rows, separate
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    VERMILLION,
    dress,
    key,
    legend,
)
from lrwd.figures._text import interval, shortened

TITLE = "What each liberty in choosing adds to the reported accuracy"
COLUMNS = ("dataset", "arch", "label", "recipe", "liberty", "optimism_pp", "ci_low_pp", "ci_high_pp")
LOOKS = ((BLUE, "o"), (GREEN, "^"), (ORANGE, "s"), (VERMILLION, "D"))
LINE, GAP = 0.19, 0.6


@from_table(
    TITLE, "optimism", COLUMNS, "No optimism has been computed yet.", most=12, by_accuracy=True, values=("optimism_pp",)
)
def draw(given: Input) -> Figure:
    """Optimism in pp with its interval, one line for each liberty of each group."""
    found = given.rows
    liberties = _in_order(found["liberty"])
    look = {liberty: LOOKS[index % len(LOOKS)] for index, liberty in enumerate(liberties)}
    listed = given.groups
    step = len(liberties) + GAP
    # Where a data set and recipe has one network only, a heading for each would only double their number.
    headed = len(blocks(listed)) > 1 and any(len(members) > 1 for members in blocks(listed).values())
    num_blocks = len(blocks(listed)) if headed else 0
    figure = given.new_figure(8.5, LINE * (step * len(listed) + 2 * num_blocks) + 0.75)
    axes = figure.subplots()
    dress(axes, grid="x")
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1)
    place, names = 0.0, []
    for (dataset, recipe), members in blocks(listed).items():
        if headed:
            names.append(RowName(place, block_name(dataset, recipe, listed), heading=True))
            place += 1.6
        for group in members:
            names.append(
                RowName(place + (len(liberties) - 1) / 2, shortened(group.label) if headed else name(group, listed))
            )
            rows = group.rows(found)
            for index, liberty in enumerate(liberties):
                own = rows[rows["liberty"] == liberty]
                if len(own):
                    _line(axes, place + index, own.iloc[0], look[liberty])
            place += step
            separate(axes, place - (1 + GAP) / 2)
    axes.set_ylim(place - (1 + GAP) / 2, -0.9)
    name_rows(axes, names)
    axes.set_xlabel("accuracy that the choice adds (pp)", size=FONT_SIZE)
    axes.set_xlim(*_limits(found))
    handles = [
        key(liberty, color=colour, marker=marker, markersize=6, linewidth=1.8)
        for liberty, (colour, marker) in look.items()
    ]
    legend(figure, handles)
    return figure


def _in_order(liberties: pd.Series) -> list[str]:
    """The liberties in alphabetical order, all of them together last."""
    return sorted({str(liberty) for liberty in liberties}, key=lambda text: (text.startswith("all"), text))


def _line(axes: Axes, y: float, row: pd.Series, look: tuple[str, str]) -> None:
    colour, marker = look
    value, low, high = (number(row[column]) for column in COLUMNS[5:])
    if not np.isfinite(value):
        at_right(axes, y, "no estimate", color=GREY)
        return
    if np.isfinite([low, high]).all():
        axes.plot([low, high], [y, y], color=colour, linewidth=1.8, solid_capstyle="butt", zorder=2)
    axes.plot(value, y, marker, color=colour, markersize=6, zorder=3)
    at_right(axes, y, interval(row["optimism_pp"], row["ci_low_pp"], row["ci_high_pp"], decimals=2))


def _limits(found: pd.DataFrame) -> tuple[float, float]:
    """Limits that show all estimates and most intervals: a far wider interval is cut off."""
    values = np.array([[number(entry) for entry in found[column]] for column in COLUMNS[5:]])
    points = values[0][np.isfinite(values[0])]
    ends = values[1:][np.isfinite(values[1:])]
    if not points.size:
        return -1.0, 1.0
    low, high = min(points.min(), 0.0), max(points.max(), 0.0)
    if ends.size:
        room = 4.0 * max(high - low, 0.2)
        low, high = max(min(low, ends.min()), low - room), min(max(high, ends.max()), high + room)
    # Where all are 0, the axis must not be about hundredths of a pp.
    margin = 0.05 * max(high - low, 5.0)
    return float(low - margin), float(high + margin)
