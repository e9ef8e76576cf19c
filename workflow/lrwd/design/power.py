"""Figure: how often a grid calls each hypothesis right, against the number of seeds, and a better grid beside it."""

import itertools

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lrwd.analysis.undefined import number
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    GREY,
    INK,
    MAX_WIDTH,
    PANEL_SIZE,
    SKY,
    VERMILLION,
    dress,
    key,
    legend,
    new_figure,
    styled,
)
from lrwd.figures._text import wrap

TITLE = "Can the grid tell the hypotheses apart?"
# In the order of the table: the published ratio, then +1, 0, -1 through the grid's centre.
LOOKS = ((VERMILLION, "o", "-"), (BLUE, "s", "-"), (GREEN, "^", "--"), (SKY, "D", ":"))
_KINDS = {"study": "the study's grid", "proposed": "proposed"}
_SLOPES = {1.0: "+1", 0.0: "0", -1.0: "−1"}
_PANEL_HEIGHT = 2.6
# Shift between hypotheses, so that equal powers are visible, as a share of the distance between numbers of seeds.
_APART = 0.05


@styled
def draw(table: pd.DataFrame, study: str, enough: float) -> Figure:
    """Share of simulated studies that are answered right, one row of panels a grid of the study.

    Args:
        table: results/tables/identifiability.csv.
        study: name of the study.
        enough: the power that is asked for.
    """
    used_by = list(dict.fromkeys(table["used_by"]))
    seeds = [int(name.removeprefix("excluded_")) for name in table.columns if name.startswith("excluded_")]
    subtitle = f"study {study} · simulated, nothing trained · share of studies that exclude a slope, not the true one"
    figure = new_figure(TITLE, subtitle, MAX_WIDTH, _PANEL_HEIGHT * len(used_by) + 0.5)
    places = figure.subplots(len(used_by), 2, sharex=True, sharey=True, squeeze=False)
    for row, name in zip(places, used_by, strict=True):
        for axes, kind in zip(row, _KINDS, strict=True):
            rows = table[(table["used_by"] == name) & (table["grid"] == kind)]
            _panel(axes, rows, seeds, enough)
            axes.set_title(_title(rows, kind, name, len(used_by)), size=PANEL_SIZE, loc="left", color=INK)
        row[0].set_ylabel("answered right", size=FONT_SIZE)
    for axes in places[-1]:
        axes.set_xlabel("seeds a cell", size=FONT_SIZE)
    shown = table[(table["used_by"] == used_by[0]) & (table["grid"] == "study")]
    several = len(used_by) > 1
    handles = [
        # The constants differ from grid to grid; then only the hypothesis is the same.
        key(f"b = {_SLOPES[number(row.b)]}" + ("" if several else f": {row.constant}"), **_style(index))
        for index, row in enumerate(shown.itertuples())
    ]
    legend(figure, [*handles, key(f"{enough:.0%}", color=GREY, linewidth=1.0, linestyle=(0, (1, 2)))])
    return figure


def _style(index: int) -> dict[str, object]:
    colour, marker, line = LOOKS[index % len(LOOKS)]
    return {"color": colour, "marker": marker, "linestyle": line, "linewidth": 1.5, "markersize": 6}


def _panel(axes: Axes, rows: pd.DataFrame, seeds: list[int], enough: float) -> None:
    dress(axes, grid="y")
    axes.axhline(enough, color=GREY, linewidth=1.0, linestyle=(0, (1, 2)), zorder=1)
    step = min((b - a for a, b in itertools.pairwise(sorted(seeds))), default=1)
    for index, row in enumerate(rows.to_dict("records")):
        powers = [number(row[f"excluded_{count}"]) for count in seeds]
        shift = (index - (len(rows) - 1) / 2) * _APART * step
        axes.plot([count + shift for count in seeds], powers, **_style(index), zorder=3 + index, clip_on=False)  # type: ignore[arg-type]
    if rows.empty:
        text = wrap("no better grid of as many cells was found", 3.5, FONT_SIZE)
        axes.text(0.5, 0.4, text, transform=axes.transAxes, ha="center", color=GREY, size=FONT_SIZE)
    axes.set_ylim(0, 1)
    axes.set_xticks(seeds)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def _title(rows: pd.DataFrame, kind: str, name: str, num_grids: int) -> str:
    text = _KINDS[kind]
    if len(rows):
        num_cells, num_lr = int(rows["num_cells"].iloc[0]), int(rows["num_lr"].iloc[0])
        text += f": {num_cells} cells, {num_lr} η"
    if num_grids > 1 and kind == "study":
        text = f"{name}\n{text}"
    return wrap(text, 4.6, PANEL_SIZE)
