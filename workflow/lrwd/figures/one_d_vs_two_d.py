"""Figure: the best accuracy of the whole grid against that of the line wd = rho * lr."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from lrwd import paper
from lrwd.analysis.undefined import number, reason
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import Group, name
from lrwd.figures._rows import at_right, separate
from lrwd.figures._style import (
    FONT_SIZE,
    GREY,
    INK,
    MAX_WIDTH,
    PANEL_SIZE,
    dress,
    key,
    legend,
    looks,
)
from lrwd.figures._text import interval, wrap

TITLE = "What tuning η alone on the line λ = ρη loses against the whole grid"
# Distance from a row's mark down to the gap by the paper's procedure, in rows.
BELOW = 0.3
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "best_2d_top1", "best_1d_top1", "gap_pp"),
    *("gap_cf_pp", "gap_cf_ci_low_pp", "gap_cf_ci_high_pp", "runs_charged_2d", "runs_charged_1d", "seed_sd_pp"),
)
ROW = 0.36
CLAIM, NOISE = "#E3EEF6", "#C9C9C9"


@from_table(
    TITLE, "gap", COLUMNS, "No gap has been computed yet.", most=30, by_accuracy=True, values=("gap_cf_pp", "gap_pp")
)
def draw(given: Input) -> Figure:
    """Best accuracy of both searches, and their cross-fitted gap in pp with its interval, one row a group."""
    gaps, listed = given.rows, given.groups
    rows = [group.rows(gaps).iloc[0] for group in listed]
    look = looks([group.label for group in listed])
    figure = given.new_figure(MAX_WIDTH, ROW * (len(rows) + 1) + 1.2)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1.15))
    for axes in (left, right):
        dress(axes, grid="x")
    for index, (group, row) in enumerate(zip(listed, rows, strict=True)):
        _accuracies(left, index, row, look[group.label][0])
        _gap(right, index, row, look[group.label])
    _published(right, len(rows))
    _label(left, right, listed, rows)
    legend(figure, _handles(rows))
    return figure


def _accuracies(axes: Axes, index: int, row: pd.Series, colour: str) -> None:
    """The two accuracies of a group, joined by a line."""
    both, line = 100 * number(row["best_2d_top1"]), 100 * number(row["best_1d_top1"])
    if not np.isfinite([both, line]).any():
        return
    axes.plot([both, line], [index, index], color=colour, linewidth=1.4, zorder=2)
    axes.plot(both, index, "o", color=colour, markersize=8, zorder=3)
    axes.plot(line, index, "D", color="white", markeredgecolor=colour, markeredgewidth=1.5, markersize=6, zorder=4)


def _gap(axes: Axes, index: int, row: pd.Series, look: tuple[str, str]) -> None:
    """A group's cross-fitted gap with its interval, before a bar of the seeds' standard deviation."""
    colour, marker = look
    noise = number(row["seed_sd_pp"])
    if np.isfinite(noise):
        axes.barh(index, 2 * noise, left=-noise, height=0.5, color=NOISE, alpha=0.6, zorder=1)
    gap, low, high = (number(row[f"gap_cf{end}_pp"]) for end in ("", "_ci_low", "_ci_high"))
    if np.isfinite([gap, low, high]).all():
        axes.plot([low, high], [index, index], color=colour, linewidth=1.8, zorder=2)
        axes.plot([low, high], [index, index], "|", color=colour, markersize=7, zorder=2)
    axes.plot(gap, index, marker, color=colour, markersize=7, zorder=3)
    axes.plot(number(row["gap_pp"]), index + BELOW, "x", color=GREY, markeredgewidth=1.4, markersize=5, zorder=3)
    if reason(row["gap_cf_pp"]):
        at_right(axes, index, "no estimate", color=GREY)
        return
    at_right(axes, index, interval(row["gap_cf_pp"], row["gap_cf_ci_low_pp"], row["gap_cf_ci_high_pp"], decimals=2))
    counts = ["NA" if reason(row[column]) else f"{number(row[column]):.0f}" for column in COLUMNS[10:12]]
    axes.annotate(
        " : ".join(counts), (1.02, index), (118, 0), xycoords=axes.get_yaxis_transform(),
        textcoords="offset points", va="center", size=FONT_SIZE, color=INK, annotation_clip=False,
    )  # fmt: skip


def _published(axes: Axes, index: int) -> None:
    """The published mean gap and the bound that the paper claims for every gap."""
    axes.axvspan(-paper.GAP_BOUND_PP, paper.GAP_BOUND_PP, color=CLAIM, zorder=0)
    axes.axvline(0, color=INK, linewidth=1.0, zorder=1.5)
    separate(axes, index - 0.5, zorder=2)
    axes.plot(paper.GAP_MEAN_CI_PP, [index, index], color=GREY, linewidth=1.8, zorder=2)
    axes.plot(paper.GAP_MEAN_PP, index, "*", color="white", markeredgecolor=GREY, markersize=9, zorder=3)
    at_right(axes, index, interval(paper.GAP_MEAN_PP, *paper.GAP_MEAN_CI_PP, decimals=2), color=GREY)


def _label(left: Axes, right: Axes, listed: list[Group], rows: list[pd.Series]) -> None:
    names = [wrap(name(group, listed), 2.2, FONT_SIZE) for group in listed]
    left.set_yticks(range(len(rows) + 1), labels=[*names, "published mean"], size=FONT_SIZE)
    left.set_ylim(len(rows) + 0.5, -0.6)
    separate(left, len(rows) - 0.5, zorder=2)
    for axes in (left, right):
        axes.use_sticky_edges = False
        axes.margins(x=0.08)
        axes.autoscale_view(scaley=False)
    left.text(
        0.02, len(rows), "accuracies not published", transform=left.get_yaxis_transform(), va="center",
        size=FONT_SIZE, color=GREY,
    )  # fmt: skip
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
    right.tick_params(axis="y", labelleft=False)
    left.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    if all(reason(row["best_2d_top1"]) and reason(row["best_1d_top1"]) for row in rows):
        left.set_xticks([])
    right.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    left.set_xlabel("best top-1 accuracy (%)", size=FONT_SIZE)
    right.set_xlabel("gap = best of grid − best of line (pp)", size=FONT_SIZE)
    top: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "size": FONT_SIZE,
        "weight": "bold",
    }
    right.annotate("gap [95% CI] (pp)", (1.02, 1), (0, 4), annotation_clip=False, **top)
    right.annotate("runs grid : line", (1.02, 1), (118, 4), annotation_clip=False, **top)
    left.set_title("As in the paper", size=PANEL_SIZE, loc="left", color=INK)
    right.set_title("What the line loses", size=PANEL_SIZE, loc="left", color=INK)


def _handles(rows: list[pd.Series]) -> list:
    handles = [
        key("best of the grid over (η, λ)", marker="o", color=INK, markersize=8, linestyle=""),
        key(
            "best of the line λ = ρη", marker="D", color="white", markeredgecolor=INK, markeredgewidth=1.5,
            markersize=6, linestyle="",
        ),
        Patch(facecolor=CLAIM, label=f"published claim: within ±{paper.GAP_BOUND_PP} pp"),
        key("cross-fitted gap", marker="o", color=INK, markersize=7, linewidth=1.8),
        key("gap by the paper's procedure", marker="x", color=GREY, markeredgewidth=1.4, markersize=5, linestyle=""),
        key(
            "published mean of ten gaps", marker="*", color=GREY, markerfacecolor="white", markersize=9,
            linewidth=1.8,
        ),
    ]  # fmt: skip
    if any(not reason(row["seed_sd_pp"]) for row in rows):
        handles.append(Patch(facecolor=NOISE, alpha=0.6, label="± SD between seeds"))
    return handles
