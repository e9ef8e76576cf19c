"""Figure: what each round of a sequential study asked for, and how the slope b became known."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import number
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import grid_runs, name
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import FONT_SIZE, GREY, INK, PANEL_SIZE, dress, key, legend

# Only sequential studies have this figure.
ONLY = "sequential"
TITLE = "What each round asked for, and how the slope b became known"
COLUMNS = ("dataset", "arch", "label", "recipe", "round", "b", "b_ci_low", "b_ci_high", "cells_so_far", "stopped")
HYPOTHESES = (("λ/η constant", 1.0), ("λ constant", 0.0), ("1/(ηλ) constant", -1.0))
HEIGHT = 1.9
# Runs of one cell are drawn beside each other, so far apart (in ln η).
APART = 0.06


@from_table(TITLE, "rounds", COLUMNS, "No round has been trained yet.", most=6)
def draw(given: Input) -> Figure:
    """Cells in the plane of η and λ by round, and beside them b with its interval after each round."""
    listed = given.groups
    figure = given.new_figure(8.5, HEIGHT * len(listed) + 0.2)
    grid = figure.subplots(len(listed), 2, squeeze=False)
    last = int(given.rows["round"].max())
    cells = grid_runs(given.runs)
    # λ = 0 has no place here, and no round asks for it.
    cells = cells.assign(round=cells["round"].fillna(0) if "round" in cells else 0)[cells["wd"] > 0]
    colours = [colormaps["viridis"](share) for share in np.linspace(0.0, 0.92, last + 1)]
    for (plane, slopes), group in zip(grid, listed, strict=True):
        title = name(group, listed)
        _plane(plane, group.rows(cells), colours)
        plane.set_title(title, size=PANEL_SIZE, weight="bold", color=INK, loc="left")
        _slopes(slopes, group.rows(given.rows), colours)
    handles = [
        key(f"round {index}", marker="o", linestyle="", color=colour, markersize=6)
        for index, colour in enumerate(colours)
    ]
    legend(figure, handles)
    return figure


def _plane(axes: Axes, runs: pd.DataFrame, colours: list) -> None:
    dress(axes, grid="both")
    for (lr, wd), cell in runs.sort_values("round").groupby(["lr", "wd"]):
        offsets = APART * (np.arange(len(cell)) - (len(cell) - 1) / 2)
        shades = [colours[min(int(index), len(colours) - 1)] for index in cell["round"]]
        axes.scatter(lr * np.exp(offsets), [wd] * len(cell), c=shades, s=16, linewidths=0, zorder=3)
    if len(runs):
        log_axis(axes, "x")
        log_axis(axes, "y")
    axes.set_xlabel("peak learning rate η", size=FONT_SIZE)
    axes.set_ylabel("weight decay λ", size=FONT_SIZE)


def _slopes(axes: Axes, rows: pd.DataFrame, colours: list) -> None:
    dress(axes)
    for text, slope in HYPOTHESES:
        axes.axhline(slope, color=GREY, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        axes.annotate(
            text, (1, slope), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            size=FONT_SIZE, color=GREY, va="center", annotation_clip=False,
        )  # fmt: skip
    for row in rows.to_dict("records"):
        place, colour = int(row["round"]), colours[int(row["round"])]
        b, low, high = (number(row[column]) for column in ("b", "b_ci_low", "b_ci_high"))
        if np.isfinite(b):
            axes.plot([place, place], [low, high], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=2)
            axes.plot(place, b, "o", color=colour, markersize=6, zorder=3)
        else:
            axes.plot(place, -1.6, "x", color=colour, markersize=6, markeredgewidth=1.6, zorder=3)
    axes.set_ylim(-1.9, 1.9)
    axes.set_xlim(-0.6, max(len(colours) - 0.4, 1.6))
    axes.set_xticks(range(len(colours)))
    axes.set_xlabel("after round (×: no slope yet)", size=FONT_SIZE)
    axes.set_ylabel("slope b and\n95% interval", size=FONT_SIZE)
    ends = rows[rows["stopped"].astype(str) != ""]
    if len(ends):
        text = f"{int(number(ends['cells_so_far'].iloc[-1]))} runs; {ends['stopped'].iloc[-1]}"
        axes.set_title(text, size=FONT_SIZE, color=INK, loc="left")
