"""Figure: the accuracy lost when weight decay deviates from its optimal ratio by a factor kappa."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, NullLocator

from lrwd import paper
from lrwd.analysis.undefined import as_array, number, reason
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import recipe_names
from lrwd.figures._published import LOOKS, name_of
from lrwd.figures._style import (
    FONT_SIZE,
    GREY,
    INK,
    MAX_WIDTH,
    PANEL_SIZE,
    dress,
    family_order,
    key,
    legend,
    looks,
)
from lrwd.figures._text import compact, shortened, wrap

TITLE = "Accuracy lost when λ deviates from the paper's ρη by the factor κ"
COLUMNS = ("dataset", "recipe", "scope", "kappa", "drop_pp", "ci_low_pp", "ci_high_pp", "obtained")
FIT = ("dataset", "recipe", "scope", "beta_pp", "gamma")
MEAN = "all"
# Of more architectures than this, none is named: their curves only show how far they lie apart.
MOST_NAMED = 12
UNNAMED = ("#B5B5B5", "o")
# How the accuracies behind a point were obtained -> how its marker is filled.
FILLS = {"trained": "full", "reference": "full", "mixed": "left", "interpolated": "none"}


@from_table(
    TITLE,
    "table2",
    COLUMNS,
    "No deviation has been computed yet.",
    most=6,
    by=("dataset", "recipe"),
    by_accuracy=True,
    values=("drop_pp",),
)
def draw(given: Input) -> Figure:
    """Drop in pp against kappa: each architecture, their mean with its interval, and published values.

    Reads ``deviation_fit`` for the numbers of the published form. It is fitted to another quantity, the loss against
    the best wd of each lr, so that its curve has no place among these points.
    """
    drops, fits = given.rows, given.table("deviation_fit", FIT)
    found = sorted({(str(d), str(r)) for d, r in zip(drops["dataset"], drops["recipe"], strict=True)})
    names = recipe_names(recipe for _, recipe in found)
    several = len({dataset for dataset, _ in found}) > 1
    columns = min(2, len(found))
    width = 7.5 if columns == 1 else MAX_WIDTH
    num_rows = -(-len(found) // columns)
    notes = {
        block: wrap(_note(_of(drops, block), _of(fits, block)), width / columns - 0.8, FONT_SIZE) for block in found
    }
    most = max(note.count("\n") + 1 if note else 0 for note in notes.values())
    figure = given.new_figure(width, num_rows * (3.4 + 0.17 * most))
    grid = figure.subplots(num_rows, columns, squeeze=False)
    scopes = {str(scope) for scope in drops["scope"]} - {MEAN}
    look = looks(scopes) if len(scopes) <= MOST_NAMED else dict.fromkeys(scopes, UNNAMED)
    marks: set[str] = set()
    for axes, block in zip(grid.flat, found, strict=False):
        marks |= _panel(axes, _of(drops, block), look)
        recipe = names[block[1]]
        title = block[0] if len(names) == 1 else ", ".join([block[0], recipe] if several else [recipe])
        lines = notes[block].count("\n") + 1 if notes[block] else 0
        axes.set_title(title, size=PANEL_SIZE, color=INK, loc="left", pad=6 + lines * FONT_SIZE * 1.3)
        axes.annotate(
            notes[block], (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points",
            size=FONT_SIZE, color=GREY, linespacing=1.15, annotation_clip=False,
        )  # fmt: skip
    for axes in list(grid.flat)[len(found) :]:
        axes.remove()
    legend(figure, _handles(look, marks))
    return figure


def _of(frame: pd.DataFrame, block: tuple[str, str]) -> pd.DataFrame:
    return frame[(frame["dataset"] == block[0]) & (frame["recipe"] == block[1])]


def _note(drops: pd.DataFrame, fits: pd.DataFrame) -> str:
    """The text above a panel: the fit's numbers, and what is undefined and why."""
    parts: list[str] = []
    fit = fits[fits["scope"] == MEAN]
    if len(fit):
        beta, gamma = fit.iloc[0]["beta_pp"], fit.iloc[0]["gamma"]
        undefined = reason(beta) or reason(gamma)
        text = f"β = {compact(number(beta))} pp, γ = {compact(number(gamma))}"
        parts.append(
            f"β and γ of the published form are NA: {undefined}"
            if undefined
            else f"published form β(|ln κ| − γ)², fitted to the loss against λ* (not κ = 1): {text}"
        )
    mean = drops[drops["scope"] == MEAN]
    for what, column in (("mean drop", "drop_pp"), ("CI of the mean", "ci_low_pp")):
        # At kappa = 1 the drop is 0 by definition and has no interval.
        where = mean[as_array(mean["kappa"]) != 1]
        missing = [value for value in where[column] if reason(value)]
        if missing:
            parts.append(f"{what} is NA at {len(missing)} of {len(where)} κ: {reason(missing[0])}")
            break
    return "\n".join(parts)


def _panel(axes: Axes, drops: pd.DataFrame, look: dict[str, tuple[str, str]]) -> set[str]:
    """Draw one data set and recipe; returns which kinds of marks occurred."""
    dress(axes, grid="y")
    marks: set[str] = set()
    axes.axhline(0, color=GREY, linewidth=0.8, zorder=1)
    _published(axes)
    for scope in sorted(set(map(str, drops["scope"])) - {MEAN}, key=family_order):
        drawn = _curve(axes, drops[drops["scope"] == scope], *look[scope], 1.1)
        marks |= drawn | {scope} if drawn else set()
    mean = drops[drops["scope"] == MEAN].sort_values("kappa")
    kappa = as_array(mean["kappa"])
    low, high = as_array(mean["ci_low_pp"]), as_array(mean["ci_high_pp"])
    # The reference has no interval; the band passes through its point instead of breaking there.
    point = as_array(mean["drop_pp"])
    bounded = np.isfinite(low) & np.isfinite(high)
    joined = bounded | (np.isfinite(point) & (kappa == 1))
    if bounded.any():
        lower, upper = np.where(bounded, low, point)[joined], np.where(bounded, high, point)[joined]
        axes.fill_between(kappa[joined], lower, upper, color=INK, alpha=0.14, linewidth=0, zorder=1.5)
        marks.add("band")
    marks |= _curve(axes, mean, INK, "o", 2.2)
    marks |= {"mean"} if np.isfinite(point).any() else set()
    every = np.concatenate([as_array(drops["kappa"]), [row.kappa for row in paper.TABLE_2]])
    axes.set_xscale("log")
    axes.set_xlim(every.min() / 1.25, every.max() * 1.25)
    ticks = _ticks(sorted(set(every.tolist())))
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, labels=[compact(tick) for tick in ticks], size=FONT_SIZE)
    axes.set_xlabel("κ = λ / (ρη)", size=FONT_SIZE)
    axes.set_ylabel("accuracy drop against κ = 1 (pp)", size=FONT_SIZE)
    return marks


def _ticks(kappas: list[float]) -> list[float]:
    """The kappas that can be labelled without overlap."""
    room = 0.055 * np.log(kappas[-1] / kappas[0]) if len(kappas) > 1 else 0.0
    kept = [1.0] if 1.0 in kappas else []
    for kappa in kappas:
        if all(abs(np.log(kappa / other)) >= room for other in kept):
            kept.append(kappa)
    return sorted(set(kept))


def _curve(axes: Axes, rows: pd.DataFrame, colour: str, marker: str, width: float) -> set[str]:
    rows = rows.sort_values("kappa")
    kappa, drop = as_array(rows["kappa"]), as_array(rows["drop_pp"])
    known = np.isfinite(drop)
    axes.plot(kappa[known], drop[known], color=colour, linewidth=width, zorder=2 + width / 10)
    marks: set[str] = set()
    for x, y, obtained in zip(kappa[known], drop[known], rows["obtained"][known], strict=True):
        kind = str(obtained)
        axes.plot(
            x, y, marker, color=colour, fillstyle=FILLS.get(kind, "none"), markerfacecoloralt="white",
            markersize=6, zorder=4,
        )  # fmt: skip
        marks.add(kind)
    return marks


def _published(axes: Axes) -> None:
    """Published means with their intervals, shifted a little so that both data sets can be read."""
    for dataset, shift in zip(paper.DATASETS, (0.955, 1.047), strict=True):
        colour, marker = LOOKS[dataset]
        for row in paper.TABLE_2:
            if row.dataset != dataset or row.ci_pp is None:
                continue
            axes.plot([row.kappa * shift] * 2, row.ci_pp, color=colour, linewidth=1.0, zorder=1.6)
            axes.plot(
                row.kappa * shift, row.drop_pp, marker, color="white", markeredgecolor=colour, markersize=6,
                zorder=1.7,
            )  # fmt: skip


def _handles(look: dict[str, tuple[str, str]], marks: set[str]) -> list[Artist]:
    handles: list[Artist] = [
        key(shortened(label), color=look[label][0], marker=look[label][1], markersize=6, linewidth=1.1)
        for label in sorted(look, key=family_order)
        if label in marks
    ]
    if len(look) > MOST_NAMED:
        handles = [key(f"one of {len(look)} architectures", color=UNNAMED[0], marker=UNNAMED[1], markersize=6)]
    if "mean" in marks:
        handles.append(key("mean of architectures", color=INK, marker="o", markersize=6, linewidth=2.2))
    if "band" in marks:
        handles.append(Patch(facecolor=INK, alpha=0.14, label="95% CI of the mean"))
    point = {"color": GREY, "marker": "o", "linestyle": "", "markersize": 6, "markerfacecoloralt": "white"}
    if {"interpolated", "mixed"} & marks:  # without them all are trained, as the subtitle says
        handles.append(key("filled: trained at this κ", fillstyle="full", **point))
        handles.append(key("hollow: interpolated", fillstyle="none", **point))
    if "mixed" in marks:
        handles.append(key("half: both", fillstyle="left", **point))
    for dataset in paper.DATASETS:
        colour, marker = LOOKS[dataset]
        handles.append(
            key(
                name_of(dataset),
                color=colour,
                marker=marker,
                markerfacecolor="white",
                markersize=6,
                linewidth=1,
            )
        )
    return handles
