"""Figure: measured memory periods against the predicted 1/(lr*wd)."""

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

TABLES = ("memory_period",)
TITLE = "How long is a batch remembered? Measured against 1/(ηλ)"
LOOKS = ((BLUE, "o"), (VERMILLION, "s"), ("#009E73", "^"), ("#CC79A7", "D"))


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Periods with intervals on logarithmic axes, and the prediction without and with measured forgetting."""
    table = table[table["schedule"] == "constant"].drop_duplicates(["arch", "lr", "wd"])
    lrs = sorted(set(table["lr"]))
    steps, seeds = int(table["num_steps"].max()), int(table["num_seeds"].max())
    subtitle = (
        f"one epoch of {steps} steps, constant η and λ, {seeds} seeds · measured, 95% percentile interval over seeds · "
        "a point at the right end was trained without decay"
    )
    figure = new_figure(TITLE, subtitle, 7.0, 4.4)
    axes = figure.subplots()
    dress(axes, grid="both")
    decaying = table[table["wd"] > 0]
    predicted = as_array(decaying["predicted_period"])
    # The place of trainings without decay, whose predicted period is infinite.
    beyond = 4.0 * predicted.max()
    line = np.geomspace(predicted.min() / 2, predicted.max() * 2, 60)
    axes.plot(line, line, color=INK, linewidth=1.2)
    entries = [key("as predicted", color=INK, linewidth=1.2)]
    for lr, (colour, marker) in zip(lrs, LOOKS, strict=False):
        rows = table[table["lr"] == lr].sort_values("wd")
        _points(axes, rows, beyond, {"color": colour, "marker": marker})
        entries.append(key(f"η = {compact(lr)}", color=colour, marker=marker, linestyle="none"))
        without = as_array(rows[rows["wd"] == 0]["measured_period"])
        if len(without) and np.isfinite(without[0]):
            axes.plot(line, 1 / (1 / line + 1 / without[0]), color=colour, linewidth=1.2, linestyle="--")
    entries.append(key("1/(ηλ + r), r measured without decay", color=GREY, linewidth=1.2, linestyle="--"))
    axes.axhline(steps, color=GREY, linewidth=1.0, linestyle=":")
    axes.text(line[0], steps * 1.08, "length of the training", size=FONT_SIZE, color=GREY)
    log_axis(axes, "x")
    log_axis(axes, "y")
    axes.set_xlabel("predicted memory period 1/(ηλ), steps", size=FONT_SIZE)
    axes.set_ylabel("measured memory period, steps", size=FONT_SIZE)
    legend(figure, entries)
    return figure


def _points(axes: Axes, rows: pd.DataFrame, beyond: float, look: dict[str, Any]) -> None:
    x = np.where(rows["wd"] > 0, as_array(rows["predicted_period"].where(rows["wd"] > 0)), beyond)
    y, low, high = (as_array(rows[name]) for name in ("measured_period", "ci_low", "ci_high"))
    axes.errorbar(x, y, yerr=[y - low, high - y], linestyle="none", markersize=5.5, elinewidth=1.2, **look)
