"""Figure: how far from equal the weights of all gradients are, under each schedule of equal weight."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    dress,
    key,
    legend,
    new_figure,
)
from lrwd.theory.figures._frame import from_tables

TABLES = ("equal_weight",)
TITLE = "How equal are the weights of all gradients under the schedules of equal weight?"
SUBTITLE = "largest deviation of β̄₁(j, T) from 1/T, as a share of it, for β₁ = 0 · computed, not trained"
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), (GREEN, "^"), (PURPLE, "D"), (ORANGE, "v"), (SKY, "P"), (GREY, "X"))
PANELS = {"spread_exact": "AdamW's own products Π(1 − ηλ)", "spread_exponential": "the post's exponentials e^−κ"}
# Below this a spread is the rounding of double precision.
ROUNDING = 1e-12


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Spread against lr*wd of the first step, by the exact recursion and by the post's approximation of it."""
    names = list(dict.fromkeys(table["schedule"]))
    look = {name: LOOKS[index % len(LOOKS)] for index, name in enumerate(names)}
    figure = new_figure(TITLE, SUBTITLE, 9.0, 3.4)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (column, title) in zip(panels, PANELS.items(), strict=True):
        _panel(axes, table, column, look)
        axes.set_title(title, size=FONT_SIZE, loc="left", color=INK)
    panels[0].set_ylabel("largest deviation from 1/T", size=FONT_SIZE)
    legend(figure, [key(name, color=colour, marker=marker) for name, (colour, marker) in look.items()])
    return figure


def _panel(axes: Axes, table: pd.DataFrame, column: str, look: dict[str, tuple[str, str]]) -> None:
    dress(axes, grid="y")
    for index, (name, (colour, marker)) in enumerate(look.items()):
        rows = table[table["schedule"] == name]
        spread = as_array(rows[column]).clip(min=ROUNDING)
        # The first are the largest, so that two that coincide are both visible.
        size = 10 - index
        axes.plot(as_array(rows["lr_wd"]), spread, color=colour, marker=marker, markersize=size, linewidth=size / 3)
    axes.axhline(ROUNDING, color=GREY, linewidth=0.8, linestyle=":")
    for which in ("x", "y"):
        log_axis(axes, which)
    axes.set_xlabel("ηλ at the first step", size=FONT_SIZE)
