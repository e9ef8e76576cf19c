"""Figure: accuracy with the clean data early or late, against the weight that they are predicted to have."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array
from lrwd.figures._style import BLUE, FONT_SIZE, GREY, INK, VERMILLION, dress, key, legend, new_figure
from lrwd.figures._text import compact
from lrwd.theory.figures._frame import from_tables

TABLES = ("order",)
TITLE = "Clean data early or late: does the schedule decide what they are worth?"
LOOKS = {
    "clean_first": (VERMILLION, "v", "clean data first"),
    "shuffled": (GREY, "o", "shuffled"),
    "clean_last": (BLUE, "^", "clean data last"),
}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Left accuracies by schedule, right against the predicted weight of clean data."""
    late = table[table["order"] == "clean_last"].sort_values("clean_weight")
    schedules = list(dict.fromkeys([*late["schedule"], *table["schedule"]]))
    first = table.iloc[0]
    subtitle = (
        f"one epoch, half of the labels wrong · η = {compact(first['lr'])}, λ = {compact(first['wd'])} · measured on "
        f"clean test images, mean of {first['num_seeds']} seeds with 95% interval"
    )
    figure = new_figure(TITLE, subtitle, 9.5, 3.4)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes in (left, right):
        dress(axes, grid="y")
    for offset, (order, (colour, marker, _)) in zip((-0.2, 0.0, 0.2), LOOKS.items(), strict=True):
        rows = table[table["order"] == order]
        top1, low, high = (as_array(rows[name]) for name in ("test_top1_pct", "ci_low", "ci_high"))
        errors = [top1 - low, high - top1]
        places = np.array([schedules.index(name) for name in rows["schedule"]]) + offset
        style = {"color": colour, "marker": marker, "markersize": 6, "linestyle": "none", "elinewidth": 1.3}
        left.errorbar(places, top1, yerr=errors, **style)
        right.errorbar(as_array(rows["clean_weight"]), top1, yerr=errors, **style)
    left.set_xticks(range(len(schedules)), labels=[name.replace("_", " ") for name in schedules], size=FONT_SIZE)
    left.set_ylabel("test top-1 (%)", size=FONT_SIZE)
    left.set_xlabel("schedule", size=FONT_SIZE)
    right.set_xlabel("predicted share of clean data in the gradients' weights", size=FONT_SIZE)
    for axes in (left, right):
        axes.axhline(first["chance_pct"], color=INK, linewidth=0.9, linestyle=":")
    left.text(left.get_xlim()[0], first["chance_pct"] + 1, " chance", size=FONT_SIZE, color=INK)
    entries = [key(text, color=colour, marker=marker, linestyle="none") for colour, marker, text in LOOKS.values()]
    legend(figure, entries)
    return figure
