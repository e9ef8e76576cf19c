"""All studies that were run, in one table and one figure: the slope b of every network, recipe and data set."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd.analysis.ridges import RECOMMENDED
from lrwd.analysis.undefined import number
from lrwd.figures._rows import RowName, at_right, name_rows, separate
from lrwd.figures._style import BLUE, FONT_SIZE, GREY, INK, MAX_WIDTH, dress, key, legend, new_figure, styled
from lrwd.figures._text import interval
from lrwd.reports.replicate import excluded
from lrwd.stats.ridge import HYPOTHESES
from lrwd.tables._write import read_table

TITLE = "How the best λ follows η: the slope b of every network, recipe and data set that was run"
COLUMNS = ("study", "dataset", "recipe", "arch", "label", "b", "b_ci_low", "b_ci_high", "excluded", "reason")
# Short names of the hypotheses.
NAMES = {"ratio": "ratio", "constant": "constant", "timescale": "time scale"}
_ROW = 0.24
_LIMITS = (-2.2, 2.2)


def summarise(tables: Iterable[str]) -> pd.DataFrame:
    """The recommended estimator's rows of several tables of ridges.

    Args:
        tables: paths such as ``results/studies/<study>/tables/ridge.csv``; of others the study is that of the default.

    Returns:
        One row a network, recipe and data set, with ``COLUMNS``.
    """
    frames = []
    for path in map(Path, tables):
        frame = read_table(str(path))
        frame = frame[frame["estimator"] == RECOMMENDED]
        folder = path.parents[1]
        frames.append(frame.assign(study=folder.name if folder.parent.name == "studies" else "default"))
    return pd.concat(frames)[list(COLUMNS)].reset_index(drop=True)


@styled
def draw(rows: pd.DataFrame) -> Figure:
    """A forest plot: b with its 95 % interval, one block a data set and recipe, with what each row excludes.

    Args:
        rows: as ``summarise`` makes them.
    """
    blocks = [(name, block) for name, block in rows.groupby(["dataset", "recipe"], sort=False)]
    num_rows = len(rows) + len(blocks)
    known = rows["b"].map(number).notna().sum()
    subtitle = f"measured · {known} of {len(rows)} with a slope · bars: 95% intervals · at the right: excluded at 99%"
    figure = new_figure(TITLE, subtitle, MAX_WIDTH, _ROW * num_rows + 0.9)
    axes = figure.subplots()
    dress(axes, grid="x")
    names, place = [], 0.0
    for (dataset, recipe), block in blocks:
        separate(axes, place - 0.5)
        names.append(RowName(place, f"{dataset}, {recipe}", heading=True))
        place += 1
        for _, row in block.iterrows():
            names.append(RowName(place, str(row["label"])))
            _row(axes, place, row)
            place += 1
    axes.set_ylim(place - 0.5, -0.8)
    axes.set_xlim(*_LIMITS)
    for name, slope in HYPOTHESES.items():
        axes.axvline(slope, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        at = axes.get_xaxis_transform()
        axes.text(slope, 1.0, NAMES[name], transform=at, ha="center", va="bottom", size=FONT_SIZE, color=GREY)
    name_rows(axes, names)
    axes.set_xlabel("slope b of ln λ* on ln η, by row likelihoods", size=FONT_SIZE)
    marks = [
        key("a slope is excluded", marker="o", color=BLUE, markersize=6, linewidth=1.8),
        key("none is excluded", marker="o", color=GREY, markersize=6, linewidth=1.8),
        key("slope of a hypothesis", color=INK, linewidth=1.0, linestyle=(0, (4, 2))),
    ]
    legend(figure, marks)
    return figure


def _row(axes: Axes, place: float, row: pd.Series) -> None:
    b, low, high = (number(row[name]) for name in ("b", "b_ci_low", "b_ci_high"))
    out = excluded(row["excluded"])
    if np.isfinite(b):
        colour = BLUE if out else GREY
        axes.plot(np.clip([low, high], *_LIMITS), [place, place], "-", color=colour, linewidth=1.8, zorder=2)
        axes.plot(np.clip(b, *_LIMITS), place, "o", color=colour, markersize=5, zorder=3)
    names = ", ".join(NAMES[name] for name in out)
    text = f"{interval(b, low, high)}  not {names}" if out else interval(b, low, high) if np.isfinite(b) else "no slope"
    at_right(axes, place, text, color=INK if np.isfinite(b) else GREY)
