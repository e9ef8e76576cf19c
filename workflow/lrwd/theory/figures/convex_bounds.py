"""Figure: what each bound of post 003 allows, and what SGD measures on a convex problem."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import number
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    VERMILLION,
    dress,
    key,
    legend,
    new_figure,
)
from lrwd.theory.figures._frame import from_tables

TABLES = ("convex_bounds",)
TITLE = "Bounds on the loss of SGD, and what it measures: logistic regression on digits"
SUBTITLE = (
    "at the theory's scale · mean over the seeds with 95% interval, measured · no mark where a bound does not "
    "cover the schedule"
)
# Panel -> its bounds with colour and marker.
PANELS = {
    "average loss": {"average, bounded domain": (BLUE, "s"), "average": (ORANGE, "D")},
    "weighted average": {"weighted average": (GREEN, "^")},
    "last loss": {"last-1": (PURPLE, "v"), "last-2": (VERMILLION, "P"), "last, by weights": (BLUE, "X")},
}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """A panel for each gap: dots for measured values, other marks for the bounds."""
    schedules = list(dict.fromkeys(table["schedule"]))
    figure = new_figure(TITLE, SUBTITLE, 10.0, 0.24 * len(schedules) + 0.9)
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, bounds) in zip(panels, PANELS.items(), strict=True):
        dress(axes, grid="both")
        for place, schedule in enumerate(schedules):
            rows = table[(table["schedule"] == schedule) & table["bound"].isin(bounds)]
            _measured(axes, place, rows.iloc[0])
            for row in rows.to_dict("records"):
                colour, marker = bounds[row["bound"]]
                axes.plot(number(row["bound_value"]), place, marker, color=colour, markersize=6, zorder=3)
        log_axis(axes, "x")
        axes.set_xlabel(f"{title} less the minimum", size=FONT_SIZE)
    panels[0].set_yticks(range(len(schedules)), labels=schedules, size=FONT_SIZE)
    panels[0].set_ylim(len(schedules) - 0.5, -0.5)
    handles = [key("measured", color=INK, marker="o", linewidth=1.8)]
    for bounds in PANELS.values():
        handles += [key(f"bound “{name}”", color=c, marker=m, linestyle="") for name, (c, m) in bounds.items()]
    legend(figure, handles)
    return figure


def _measured(axes: Axes, place: int, row: pd.Series) -> None:
    low, high = number(row["gap_ci_low"]), number(row["gap_ci_high"])
    if np.isfinite([low, high]).all() and low > 0:
        axes.plot([low, high], [place, place], color=INK, linewidth=1.8, zorder=2)
    axes.plot(number(row["gap"]), place, "o", color=INK, markersize=4.5, zorder=4)
