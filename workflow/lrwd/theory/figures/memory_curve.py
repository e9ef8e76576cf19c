"""Figure: what is remembered of a batch against how long ago it was seen, beside the prediction."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import BLUE, FONT_SIZE, GREY, INK, VERMILLION, dress, key, legend, new_figure
from lrwd.figures._text import compact
from lrwd.theory.figures._frame import from_tables

TABLES = ("memory_curve",)
MAX_COLUMNS = 3
TITLE = "What is remembered of a batch, against how many steps ago it was seen"
PREDICTED: dict[str, Any] = {"color": VERMILLION, "linewidth": 1.6}
FITTED: dict[str, Any] = {"color": GREY, "linewidth": 1.4, "linestyle": "--"}
MEASURED: dict[str, Any] = {"color": BLUE, "marker": "o", "markersize": 4.5, "linestyle": "none"}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Label margins by age, one panel for each (lr, wd) of the constant schedule."""
    table = table[table["schedule"] == "constant"]
    lrs, wds = sorted(set(table["lr"])), sorted(set(table["wd"]))
    seeds, steps = int(table["num_seeds"].max()), int(table["num_steps"].max())
    subtitle = (
        f"one epoch of {steps} steps, constant η and λ, half of the labels wrong · points: measured, mean of {seeds} "
        "seeds with 95% interval · lines: simulated from Eq. 11, scaled to the points"
    )
    # Each learning rate starts a row of panels.
    columns = min(MAX_COLUMNS, len(wds))
    rows_each = -(-len(wds) // columns)
    figure = new_figure(TITLE, subtitle, 10.0, 1.85 * rows_each * len(lrs) + 0.4)
    panels = figure.subplots(rows_each * len(lrs), columns, squeeze=False)
    for block, lr in enumerate(lrs):
        for place in range(rows_each * columns):
            row, column = divmod(place, columns)
            axes = panels[block * rows_each + row, column]
            if place >= len(wds):
                axes.remove()
                continue
            wd = wds[place]
            _panel(axes, table[(table["lr"] == lr) & (table["wd"] == wd)])
            period = f"1/(ηλ) = {compact(1 / (lr * wd))} steps" if wd else "nothing decays"
            title = f"η = {compact(lr)}, λ = {compact(wd)}: {period}"
            axes.set_title(title, size=FONT_SIZE, loc="left", color=INK)
            if column == 0:
                axes.set_ylabel("label margin\n(nats)", size=FONT_SIZE)
    for axes in panels[-1]:
        axes.set_xlabel("steps since the batch was seen", size=FONT_SIZE)
    entries = [
        key("measured: logit of the wrong label trained on, above that of other wrong ones", **MEASURED),
        key("predicted weights of gradients", **PREDICTED),
        key("the same with the memory period that fits best", **FITTED),
    ]
    legend(figure, entries)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    dress(axes, grid="y")
    axes.axhline(0, color=INK, linewidth=0.8)
    if rows.empty:
        axes.text(0.5, 0.5, "not trained", transform=axes.transAxes, ha="center", size=FONT_SIZE, color=GREY)
        return
    # The middle of a bin on a logarithmic axis; the youngest batch is one step old.
    age = np.sqrt((as_array(rows["age_first"]) + 1) * (as_array(rows["age_last"]) + 1))
    margin = as_array(rows["margin"])
    errors = [margin - as_array(rows["margin_ci_low"]), as_array(rows["margin_ci_high"]) - margin]
    axes.errorbar(age, margin, yerr=errors, elinewidth=1.1, capsize=0, **MEASURED)
    axes.plot(age, as_array(rows["predicted"]), **PREDICTED)
    axes.plot(age, as_array(rows["fitted"]), **FITTED)
    log_axis(axes, "x")
    # One wide interval must not flatten the rest.
    top = 1.6 * max(np.nanmax(margin), np.nanmax(as_array(rows["predicted"])), 1e-6)
    axes.set_ylim(-0.35 * top, top)
