"""Figure: accuracy curves of all lr against wd/lr, wd and lr*wd: on which axis do they coincide?"""

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import number, reason
from lrwd.figures._cells import drops
from lrwd.figures._frame import Input, from_grid
from lrwd.figures._groups import name
from lrwd.figures._logzero import LogZero
from lrwd.figures._style import (
    FONT_SIZE,
    GREY,
    INK,
    MAX_WIDTH,
    VERMILLION,
    dress,
    key,
    legend,
)
from lrwd.figures._text import compact, inches, interval, wrap

TITLE = "Ratio, constant or time scale: against which do the curves of all η become one?"
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "x", "collapse", "collapse_ci_low", "collapse_ci_high", "best"),
    "best_probability",
)
# The best axis is marked if it is the best in at least this share of the resampled seeds.
CLEARLY = 0.95
# Name in the table -> (power of lr in x = wd·lr**power, label of the axis).
AXES = {
    "wd/lr": (-1.0, "λ/η (ratio)"),
    "wd": (0.0, "λ (constant)"),
    "lr*wd": (1.0, "ηλ (inverse time scale)"),
}
ROW = 1.45
MARKERS = "osD^vPX<>h"


@from_grid(TITLE, most=8, by_accuracy=True, needs_rows=True)
def draw(given: Input) -> Figure:
    """Accuracy below the best of its learning rate, on three axes, one row a group.

    Reads ``collapse`` for the numbers and for which axis is best.
    """
    grid, listed = given.rows, given.groups
    found = given.table("collapse", COLUMNS)
    curves = {group: drops(group.rows(grid[grid["wd"] > 0])) for group in listed}
    lrs = sorted({lr for means in curves.values() for lr in means["lr"]})
    width = MAX_WIDTH
    names = {group: wrap(name(group, listed), width / 3 - 0.8, FONT_SIZE) for group in listed}
    tallest = max(text.count("\n") for text in names.values())
    figure = given.new_figure(width, (ROW + 0.15 * tallest) * len(listed) + 0.55)
    panels = figure.subplots(len(listed), 3, sharey="row", squeeze=False)
    for column, (axis, (power, label)) in enumerate(AXES.items()):
        everywhere = pd.concat(list(curves.values()))
        scale = LogZero.of(everywhere["wd"] * everywhere["lr"] ** power)
        for row, group in enumerate(listed):
            axes = panels[row, column]
            dress(axes, grid="y")
            _panel(axes, curves[group], power, lrs)
            ticks = _ticks(scale, (width - 1.0) / 3 - 0.3)
            scale.apply(axes, "x", most=5, ticks=ticks)
            axes.tick_params(axis="x", labelbottom=row == len(listed) - 1)
            _head(axes, names[group] if column == 0 else "", group.rows(found), axis)
            if row == len(listed) - 1:
                axes.set_xlabel(label, size=FONT_SIZE)
    below = False
    for row, group in enumerate(listed):
        below |= _depth(panels[row], curves[group])
        panels[row, 0].set_ylabel("below the best\nof its η (pp)", size=FONT_SIZE)
    legend(figure, _handles(lrs, below))
    return figure


def _look(lr: float, lrs: Sequence[float]) -> dict[str, Any]:
    """Colour and marker of a learning rate; similar colours have different markers."""
    place = lrs.index(lr)
    shade = matplotlib.colormaps["viridis"](0.92 * place / max(len(lrs) - 1, 1))
    return {"color": shade, "marker": MARKERS[place % len(MARKERS)], "markersize": 4.5, "linewidth": 1.5}


def _panel(axes: Axes, means: pd.DataFrame, power: float, lrs: Sequence[float]) -> None:
    if means.empty:
        axes.text(0.5, 0.5, "no λ > 0", transform=axes.transAxes, ha="center", size=FONT_SIZE, color=GREY)
    for lr, cells in means.groupby("lr"):
        cells = cells.sort_values("wd")
        axes.plot(cells["wd"] * float(lr) ** power, cells["drop"], **_look(float(lr), lrs))  # type: ignore[arg-type]


def _ticks(scale: LogZero, room: float) -> list[float]:
    """As many round ticks as there is room for."""
    for most in range(7, 1, -1):
        ticks = scale.ticks(most)
        if sum(inches(compact(tick), FONT_SIZE) + 0.15 for tick in ticks) <= 0.7 * room:
            break
    return ticks


def _head(axes: Axes, above: str, rows: pd.DataFrame, axis: str) -> None:
    """Write the collapse above a panel, and the group's name above the first one."""
    rows = rows[rows["x"] == axis]
    clearly = False
    if rows.empty or reason(rows.iloc[0]["collapse"]):
        text = f"{axis_name(axis)}: NA"
    else:
        row = rows.iloc[0]
        best = str(row["best"]) == "yes"
        clearly = best and number(row["best_probability"]) >= CLEARLY
        limits = (row["collapse_ci_low"], row["collapse_ci_high"])
        has_interval = np.isfinite([number(limit) for limit in limits]).all()
        value = interval(row["collapse"], *limits, decimals=2) if has_interval else f"{number(row['collapse']):.2f}"
        text = f"collapse {value}" + (" ◀ best" if clearly else " (best?)" if best else "")
    colour = VERMILLION if clearly else INK
    axes.set_title(text, size=FONT_SIZE, loc="left", color=colour, weight="bold" if clearly else "normal")
    if above:
        axes.annotate(
            above, (0, 1), (0, 18), xycoords="axes fraction", textcoords="offset points", size=FONT_SIZE + 1,
            weight="bold", color=INK, va="bottom", linespacing=1.1, annotation_clip=False,
        )  # fmt: skip
    if clearly:
        for side in ("left", "bottom", "top", "right"):
            axes.spines[side].set(visible=True, color=VERMILLION, linewidth=1.6)


def axis_name(axis: str) -> str:
    """Axis in a short text."""
    return {"wd/lr": "λ/η", "wd": "λ", "lr*wd": "ηλ"}[axis]


def _depth(row: Sequence[Axes], means: pd.DataFrame) -> bool:
    """Limit a row's depth, so that cells near chance do not flatten the rest; returns whether any lies below."""
    below = -means["drop"].to_numpy(dtype=float)
    deepest = float(below.max(initial=0.0))
    usual = float(np.quantile(below, 0.75)) if len(below) else 0.0
    depth = min(deepest, max(2.0 * usual, 1.0)) or 1.0
    for axes in row:
        axes.set_ylim(-1.08 * depth, 0.08 * depth)
    return deepest > 1.08 * depth


def _handles(lrs: Sequence[float], below: bool) -> list:
    entries = [key(f"η = {compact(lr)}", **_look(lr, lrs)) for lr in lrs]
    entries.append(
        key(
            "best of the three axes in 95% of resampled seeds",
            color=VERMILLION,
            linewidth=1.6,
            marker="s",
            markerfacecolor="none",
        )
    )
    if below:
        entries.append(key("curves that leave a panel below go on to collapsed cells", linewidth=0))
    return entries
