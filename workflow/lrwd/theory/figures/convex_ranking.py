"""Figure: schedules of post 003 by the last loss they reach on a convex problem, at the theory's scale and the best."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array, number
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import BLUE, FONT_SIZE, GREEN, VERMILLION, dress, key, legend, new_figure
from lrwd.figures._text import compact
from lrwd.theory.figures._frame import from_tables

TABLES = ("convex_ranking",)
TITLE = "Which schedule ends at the lowest loss? Logistic regression on digits"
SUBTITLE = (
    "SGD, mean over the seeds with 95% interval, measured · best scale: chosen on one half of the seeds, scored on the "
    "other"
)
SERIES = (("gap", VERMILLION, "o", -0.14), ("tuned_gap", BLUE, "s", 0.14))


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Left, the gaps, lowest first; right, what the strongest bound allows at the theory's scale, in the same rows."""
    figure = new_figure(TITLE, SUBTITLE, 10.0, 0.25 * len(table) + 0.9)
    left, right = figure.subplots(1, 2, width_ratios=(1.8, 1), sharey=True)
    dress(left, grid="both")
    for place, row in enumerate(table.to_dict("records")):
        for column, colour, marker, shift in SERIES:
            _point(
                left,
                place + shift,
                [number(row[f"{column}{end}"]) for end in ("", "_ci_low", "_ci_high")],
                colour,
                marker,
            )
    labels = [
        f"{name}  ×{compact(number(factor))}"
        for name, factor in zip(table["schedule"], table["best_factor"], strict=True)
    ]
    left.set_yticks(range(len(table)), labels=labels, size=FONT_SIZE)
    left.set_ylim(len(table) - 0.5, -0.5)
    log_axis(left, "x")
    left.set_xlabel("last loss less the minimum", size=FONT_SIZE)
    _bounds(right, table)
    handles = [
        key("at the theory's scale", color=VERMILLION, marker="o", linewidth=1.8),
        key("at the best scale (× its factor)", color=BLUE, marker="s", linewidth=1.8),
        key("what the bound allows at the theory's scale", color=GREEN, marker="D", linestyle=""),
    ]
    legend(figure, handles)
    return figure


def _bounds(axes: Axes, table: pd.DataFrame) -> None:
    """What the bound allows, in the rows of the schedules; those that it does not cover have no mark."""
    dress(axes, grid="both")
    bound = as_array(table["bound"])
    axes.plot(bound, range(len(table)), "D", color=GREEN, markersize=5)
    log_axis(axes, "x")
    axes.set_xlabel("bound “last-2” on it", size=FONT_SIZE)


def _point(axes: Axes, place: float, values: list[float], colour: str, marker: str) -> None:
    value, low, high = values
    if np.isfinite([low, high]).all() and low > 0:
        axes.plot([low, high], [place, place], color=colour, linewidth=1.8)
    axes.plot(value, place, marker, color=colour, markersize=5)
