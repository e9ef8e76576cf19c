"""Figure: the schedules, the weights that they give each step's gradient, and what was remembered."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lrwd.analysis.undefined import as_array
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
    new_figure,
)
from lrwd.figures._text import compact
from lrwd.theory.figures._frame import from_tables

TABLES = ("memory_schedules",)
TITLE = "Which batches are remembered under which schedule?"
LR, WD = {"color": GREEN, "linewidth": 1.6}, {"color": ORANGE, "linewidth": 1.4, "linestyle": "--"}
WEIGHT = {"color": VERMILLION, "linewidth": 1.6}
FORGETTING = {"color": GREY, "linewidth": 1.4, "linestyle": "--"}
MEASURED: dict[str, Any] = {"color": BLUE, "marker": "o", "markersize": 4, "linestyle": "none"}


@from_tables(*TABLES)
def draw(table: pd.DataFrame) -> Figure:
    """Rates above, shares of weights and of memory below, one column a schedule, by tenths of the training."""
    recipes = list(dict.fromkeys(table["recipe"]))
    first = table.iloc[0]
    subtitle = (
        f"peak η = {compact(first['lr'])}, λ = {compact(first['wd'])}: 1/(ηλ) = {compact(1 / first['lr_wd'])} of "
        f"{first['num_steps']} steps · {first['num_seeds']} seeds · by tenths of the training"
    )
    figure = new_figure(TITLE, subtitle, 10.0, 4.2)
    panels = figure.subplots(2, len(recipes), sharex=True, sharey="row", height_ratios=[1, 1.7], squeeze=False)
    for (above, below), recipe in zip(panels.T, recipes, strict=True):
        rows = table[table["recipe"] == recipe]
        part = as_array(rows["part"])
        for axes in (above, below):
            dress(axes, grid="y")
        above.set_title(str(rows["schedule"].iloc[0]).replace("_", " "), size=FONT_SIZE, loc="left", color=INK)
        above.plot(part, as_array(rows["lr_share"]), **LR)
        above.plot(part, as_array(rows["wd_share"]), **WD)
        above.set_ylim(0, 1.08)
        share = as_array(rows["measured_share"])
        errors = [share - as_array(rows["ci_low"]), as_array(rows["ci_high"]) - share]
        below.axhline(0, color=INK, linewidth=0.8)
        below.errorbar(part, share, yerr=errors, elinewidth=1.1, **MEASURED)
        below.plot(part, as_array(rows["weight_share"]), **WEIGHT)
        below.plot(part, as_array(rows["weight_share_with_forgetting"]), **FORGETTING)
        below.set_xticks([1, 5, 10])
        below.set_xlabel("tenth", size=FONT_SIZE)
    panels[0, 0].set_ylabel("share of peak", size=FONT_SIZE)
    panels[1, 0].set_ylabel("share of weights,\nof what is remembered", size=FONT_SIZE)
    entries = [
        key("η", **LR),
        key("λ", **WD),
        key("predicted weights of gradients (simulated)", **WEIGHT),
        key("with the forgetting measured at λ = 0 as added decay", **FORGETTING),
        key("remembered (measured, 95% interval)", **MEASURED),
    ]
    legend(figure, entries)
    return figure
