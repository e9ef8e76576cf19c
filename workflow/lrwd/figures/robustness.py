"""Figure: the ratio rho and the slope b of every recipe of a study, beside the ratios that the paper gives (§4.4)."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrwd import paper
from lrwd.analysis.undefined import as_array, number, reason, undefined
from lrwd.figures._frame import Input, from_table
from lrwd.figures._groups import groups, recipe_names
from lrwd.figures._logzero import LogZero
from lrwd.figures._published import LOOKS
from lrwd.figures._rows import RowName, at_right, name_rows, separate
from lrwd.figures._style import (
    FONT_SIZE,
    GREY,
    INK,
    MAX_WIDTH,
    dress,
    key,
    legend,
    looks,
)
from lrwd.figures._text import interval, shortened

TITLE = "What another recipe changes: the slope b, and the paper's ratio ρ"
ALONE = "The slope b of each network, and the paper's ratio ρ"
COLUMNS = ("dataset", "arch", "label", "recipe", "reference", "rho", "rho_ci_low", "rho_ci_high", "b", "b_argmax")
SLOPES = {1.0: "λ/η", 0.0: "λ", -1.0: "1/(ηλ)"}
ROW = 0.3
# Distance from a row's mark down to its argmax slope or published ratio, in rows.
BELOW = 0.27
HOLLOW, _ = LOOKS[paper.CIFAR100]


@dataclass(frozen=True)
class Row:
    """A line of the figure: a heading (no fit), or a recipe with its row of the table."""

    text: str
    fit: "pd.Series | None" = None
    colour: str = INK
    marker: str = ""


@from_table(TITLE, "robustness", COLUMNS, "No recipe has been fitted yet.", most=36)
def draw(given: Input) -> Figure:
    """Two forest plots that share their rows: b on the left, rho on the right; one block a network.

    A study with one recipe has a row a network.
    """
    fits = given.rows
    rows = _rows(fits)
    given = given if len(set(fits["recipe"])) > 1 else replace(given, title=ALONE)
    figure = given.new_figure(MAX_WIDTH, ROW * len(rows) + 1.15)
    left, right = figure.subplots(1, 2, sharey=True)
    for axes in (left, right):
        dress(axes, grid="x")
    scale = LogZero.of(_shown(fits, ("rho", "rho_ci_low", "rho_ci_high", "published_rho_low", "published_rho_high")))
    scale.apply(right, "x", most=6)
    _slope_axis(left, _shown(fits, ("b", "b_ci_low", "b_ci_high", "b_argmax", "b_argmax_ci_low", "b_argmax_ci_high")))
    for place, row in enumerate(rows):
        if row.fit is None:
            separate(left, place - 0.5)
            separate(right, place - 0.5)
            continue
        _slope(left, place, row)
        _ratio(right, scale, place, row)
    left.set_ylim(len(rows) - 0.3, -0.8)
    name_rows(left, [RowName(place, row.text, row.fit is None, row.colour) for place, row in enumerate(rows)])
    right.tick_params(axis="y", length=0, labelleft=False)
    left.set_xlabel("slope b of ln λ* on ln η", size=FONT_SIZE)
    right.set_xlabel("ρ in λ* = ρη (no unit)", size=FONT_SIZE)
    for axes, text in ((left, "b [95% CI]"), (right, "ρ [95% CI]")):
        axes.text(1.02, 1.0, text, transform=axes.transAxes, size=FONT_SIZE, weight="bold", va="bottom")
    legend(figure, _handles(rows))
    return figure


def _rows(fits: pd.DataFrame) -> list[Row]:
    listed = groups(fits)
    look = looks([group.label for group in listed])
    several = len({group.dataset for group in listed}) > 1
    names = recipe_names(group.recipe for group in listed)
    rows: list[Row] = []
    # ``groups`` sorts by recipe first; here the recipes of a network follow each other.
    for dataset, arch in dict.fromkeys((group.dataset, group.arch) for group in listed):
        mine = [group for group in listed if (group.dataset, group.arch) == (dataset, arch)]
        heading = mine[0].label if len({g.arch for g in listed if g.label == mine[0].label}) == 1 else arch
        network = f"{shortened(dataset)}, {shortened(heading)}" if several else shortened(heading)
        frames = [group.rows(fits).iloc[0] for group in mine]
        if len(names) == 1:
            rows.append(Row(network, frames[0], *look[mine[0].label]))
            continue
        rows.append(Row(network))
        # The reference first, as the others are compared with it.
        for fit in sorted(frames, key=lambda fit: (fit["recipe"] != fit["reference"], str(fit["recipe"]))):
            rows.append(Row(_name(fit, names[str(fit["recipe"])], len(frames) > 1), fit, *look[mine[0].label]))
    return rows


def _name(fit: pd.Series, name: str, compared: bool) -> str:
    """A recipe's name; of the reference also what the others may change."""
    if not compared or fit["recipe"] != fit["reference"]:
        return shortened(name)
    parts = [str(fit[key]).replace("_", " ") for key in ("optimizer", "schedule") if key in fit]
    return f"reference ({', '.join(parts) or shortened(name)})"


def _shown(fits: pd.DataFrame, columns: tuple[str, ...]) -> list[float]:
    values = np.concatenate([as_array(fits[name]) for name in columns if name in fits])
    return [float(value) for value in values if np.isfinite(value)]


def _slope_axis(axes: Axes, values: list[float]) -> None:
    low, high = min([*values, -1.4]), max([*values, 1.4])
    axes.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))
    for slope, name in SLOPES.items():
        axes.axvline(slope, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)
        axes.text(
            slope, 1.0, name, transform=axes.get_xaxis_transform(), ha="center", va="bottom", size=FONT_SIZE, color=GREY
        )


def _ratio(axes: Axes, scale: LogZero, place: int, row: Row) -> None:
    assert row.fit is not None
    values = [row.fit["rho"], row.fit["rho_ci_low"], row.fit["rho_ci_high"]]
    _estimate(axes, place, row, values, [float(scale.place(number(value))) for value in values], "no estimate")
    published = [number(row.fit.get(name)) for name in ("published_rho_low", "published_rho_high")]
    if np.isfinite(published).all():
        axes.plot(published, [place + BELOW] * 2, "-", color=HOLLOW, linewidth=1.6, zorder=2)
        axes.plot(published, [place + BELOW] * 2, "D", color="white", markeredgecolor=HOLLOW, markersize=4.5, zorder=3)


def _slope(axes: Axes, place: int, row: Row) -> None:
    assert row.fit is not None
    argmax = number(row.fit["b_argmax"])
    if np.isfinite(argmax):
        axes.plot(argmax, place + BELOW, "x", color=GREY, markeredgewidth=1.4, markersize=5, zorder=4, clip_on=False)
    values = [row.fit.get(name, undefined("no value")) for name in ("b", "b_ci_low", "b_ci_high")]
    _estimate(axes, place, row, values, [number(value) for value in values], "not identifiable")


def _estimate(axes: Axes, place: int, row: Row, values: list, places: list[float], if_none: str) -> None:
    """A mark with its interval and its number, or a word where there is none; the table has the reason."""
    if reason(values[0]):
        at_right(axes, place, if_none, color=GREY)
        return
    if np.isfinite(places[1:]).all():
        axes.plot(places[1:], [place, place], "-|", color=row.colour, linewidth=1.8, markersize=7, zorder=2)
    axes.plot(places[0], place, row.marker, color=row.colour, markersize=7, zorder=3, clip_on=False)
    at_right(axes, place, interval(*values))


def _handles(rows: list[Row]) -> list:
    fits = [row.fit for row in rows if row.fit is not None]
    entries = [key("b (recommended); ρ by the paper's procedure", marker="o", color=INK, markersize=7, linewidth=1.8)]
    if any(np.isfinite(number(fit["b_argmax"])) for fit in fits):
        style = {"color": GREY, "markeredgewidth": 1.4, "markersize": 5, "linestyle": "none"}
        entries.append(key("b by the paper's procedure", marker="x", **style))
    if any(np.isfinite(number(fit.get("published_rho_low"))) for fit in fits):
        entries.append(
            key("published ρ (§4.4)", marker="D", color=HOLLOW, markerfacecolor="white", markersize=4.5, linewidth=1.6)
        )
    entries.append(key("slope if the quantity above stays constant", color=INK, linewidth=1.0, linestyle=(0, (4, 2))))
    return entries
