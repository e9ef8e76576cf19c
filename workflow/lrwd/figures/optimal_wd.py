"""Figure: the optimal weight decay against the learning rate, with the fits and the rival directions."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lrwd.analysis.ridges import RECOMMENDED
from lrwd.analysis.undefined import as_array, number, reason
from lrwd.figures._frame import Input, from_grid
from lrwd.figures._groups import blocks, columns_and_width, name, num_rows, panels
from lrwd.figures._logzero import LogZero
from lrwd.figures._style import (
    FONT_SIZE,
    GREY,
    INK,
    PANEL_SIZE,
    dress,
    key,
    legend,
    looks,
)
from lrwd.figures._text import interval, wrap

TITLE = "Optimal weight decay by the paper's procedure"
COLUMNS = ("dataset", "arch", "label", "recipe", "lr", "wd_star", "edge")
FITS = (
    "dataset",
    "arch",
    "label",
    "recipe",
    "rho",
    "rho_ci_low",
    "rho_ci_high",
    "b",
    "b_ci_low",
    "b_ci_high",
)
RIDGE = ("dataset", "arch", "label", "recipe", "estimator", "b", "b_ci_low", "b_ci_high")
# The slopes of ln wd* on ln lr that the hypotheses predict.
DIRECTIONS = {1: "b = +1", 0: "b = 0", -1: "b = −1"}
BAND = "#F1F1F1"
# Distance of the names of two slopes, as a share of the panel's height.
APART = 0.085
# Above this share of the height they would reach the text above the panel.
TOP = 0.94


@from_grid(TITLE, most=12, by_accuracy=True, needs_rows=True)
def draw(given: Input) -> Figure:
    """wd*(lr) in log-log axes, one panel a group, with the fits of table1 and lines of slope +1, 0, -1.

    Reads ``optimal_wd`` and ``table1``; the runs give the range of weight decays that was trained. The recommended
    slope, or that there is none, is named from ``ridge``.
    """
    optimal, fits = given.table("optimal_wd", COLUMNS), given.table("table1", FITS)
    ridges = given.table("ridge", RIDGE)
    ridges = ridges[ridges["estimator"] == RECOMMENDED]
    grid, listed = given.rows, given.groups
    columns, width = columns_and_width(listed)
    room = width / columns - 0.85
    wrapped = {
        group: (name(group, listed), wrap(_said(group.row(fits), group.row(ridges)), room, FONT_SIZE))
        for group in listed
    }
    most_lines = max(text.count("\n") + 1 for _, text in wrapped.values())
    height = num_rows(listed, columns) * (2.6 + 0.17 * most_lines)
    figure = given.new_figure(width, height)
    colours = looks([group.label for group in listed])
    marks: set[str] = set()
    places = panels(figure, listed, columns)
    for members in blocks(listed).values():
        block = pd.concat([group.rows(grid) for group in members])
        across = LogZero.of(block["lr"])
        up = LogZero.of(block["wd"], pad=0.15)
        for index, group in enumerate(members):
            axes = places[group]
            dress(axes)
            across.apply(axes, "x", most=5, ticks=across.labelled(block["lr"], width / columns - 1.3, False))
            # A grid of ratios has too many values of wd to label each; then the ticks are round values.
            named = up.labelled(block["wd"], 1.9, True) if block["wd"].nunique() <= 16 else None
            up.apply(axes, "y", most=7, ticks=named)
            _range(axes, up, block)
            marks |= _panel(axes, across, up, group.rows(optimal), group.row(fits), colours[group.label])
            axes.set_xlabel("peak learning rate η", size=FONT_SIZE)
            if index % columns == 0:
                axes.set_ylabel("optimal weight decay λ*", size=FONT_SIZE)
            head, lines = wrapped[group]
            pad = 8 + (lines.count("\n") + 1) * FONT_SIZE * 1.25
            axes.set_title(head, size=PANEL_SIZE, color=colours[group.label][0], weight="bold", loc="left", pad=pad)
            axes.annotate(
                lines, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", size=FONT_SIZE,
                color=GREY, linespacing=1.15, annotation_clip=False,
            )  # fmt: skip
    legend(figure, _handles(marks))
    return figure


def _said(fit: "pd.Series | None", ridge: "pd.Series | None") -> str:
    """The lines below a panel's name: what the recommended estimator says, and the paper's two estimates."""
    lines = []
    if ridge is not None:
        b = interval(ridge["b"], ridge["b_ci_low"], ridge["b_ci_high"], decimals=2)
        lines.append("recommended b " + ("not identifiable" if reason(ridge["b"]) else b))
    if fit is None:
        return "\n".join([*lines, "no estimates by the paper yet"])
    why = [reason(fit[key]) for key in ("rho", "b")]
    if why[0] and why[0] == why[1]:
        return "\n".join([*lines, f"no ρ or b by the paper ({why[0]})"])
    rho = f"none ({why[0]})" if why[0] else interval(fit["rho"], fit["rho_ci_low"], fit["rho_ci_high"])
    if not why[0] and number(fit["rho"]) <= 0:
        rho += " (no line)"
    b = f"none ({why[1]})" if why[1] else interval(fit["b"], fit["b_ci_low"], fit["b_ci_high"])
    return "\n".join([*lines, f"paper's ρ {rho}", f"paper's b {b}"])


def _range(axes: Axes, up: LogZero, block: pd.DataFrame) -> None:
    """Shade the weight decays that were trained at each learning rate; no optimum can lie outside."""
    positive = block[block["wd"] > 0].groupby("lr")["wd"]
    if positive.ngroups:
        lr = np.array(sorted(positive.groups))
        low, high = positive.min().loc[lr].to_numpy(), positive.max().loc[lr].to_numpy()
        axes.fill_between(lr, low, high, color=BAND, linewidth=0, zorder=0)


def _panel(
    axes: Axes,
    across: LogZero,
    up: LogZero,
    optimal: pd.DataFrame,
    fit: "pd.Series | None",
    look: tuple[str, str],
) -> set[str]:
    """Draw a group's optima and lines; returns which kinds of marks occurred."""
    colour, marker = look
    lr, star = as_array(optimal["lr"]), as_array(optimal["wd_star"])
    edge = optimal["edge"].astype(str).to_numpy()
    known = np.isfinite(lr) & np.isfinite(star)
    if not known.any():
        text = "no λ*" if len(optimal) else "no λ* yet"
        axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY, size=FONT_SIZE)
        return set()
    lr, star, edge = lr[known], star[known], edge[known]
    positive = star > 0
    x_line = np.geomspace(across.low, across.high, 200)
    marks: set[str] = {"range"}
    if positive.any():
        middle = np.exp(np.log(lr[positive]).mean()), np.exp(np.log(star[positive]).mean())
        marks.add("direction")
        _directions(axes, across, up, middle)
        if fit is not None and not reason(fit["b"]):
            power = middle[1] * (x_line / middle[0]) ** number(fit["b"])
            _line(axes, up, x_line, power, color=colour, linewidth=1.8, linestyle=(0, (5, 2)))
            marks.add("power")
    if fit is not None and not reason(fit["rho"]) and number(fit["rho"]) > 0:
        _line(axes, up, x_line, number(fit["rho"]) * x_line, color=colour, linewidth=1.8)
        marks.add("origin")
    for x, y, kind in zip(lr, up.place(star), edge, strict=True):
        inside = kind == "interior"
        face = colour if inside else "white"
        if kind in ("low", "high"):
            sign = 1 if kind == "high" else -1
            axes.annotate(
                "",
                (x, y),
                (0, 17 * sign),
                textcoords="offset points",
                arrowprops={"arrowstyle": "<|-", "color": colour, "shrinkA": 0, "shrinkB": 3},
                annotation_clip=False,
                zorder=3,
            )
        axes.plot(
            x, y, marker, color=face, markeredgecolor=colour, markeredgewidth=1.5, markersize=7, zorder=4,
            clip_on=False,
        )  # fmt: skip
        marks.add("inside" if inside else "edge")
    return marks


def _line(axes: Axes, up: LogZero, x: np.ndarray, y: np.ndarray, **style: object) -> None:
    """A line, drawn only above the break, as there is no scale below it."""
    inside = (y >= up.low) & (y <= up.high)
    axes.plot(x[inside], y[inside], zorder=2, **style)  # type: ignore[arg-type]


def _directions(axes: Axes, across: LogZero, up: LogZero, middle: tuple[float, float]) -> None:
    """Thin lines of the predicted slopes through the optima's centre, named at the panel's right."""
    x = np.geomspace(across.low, across.high, 400)
    height = np.log(up.high / up.start)
    beside: list[tuple[float, str]] = []
    for slope, label in DIRECTIONS.items():
        y = middle[1] * (x / middle[0]) ** slope
        inside = (y >= up.low) & (y <= up.high)
        axes.plot(x[inside], y[inside], color="#9A9A9A", linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
        place = float(np.log(y[-1] / up.start) / height)
        # A line that leaves through the top or the bottom is named at that corner.
        beside.append((min(max(place, 0.0), TOP), label if inside[-1] else f"{label} {'↑' if place > 0.5 else '↓'}"))
    # Names must not lie on each other where the axis is long.
    places = [place for place, _ in sorted(beside)]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + APART)
    places[-1] = min(places[-1], TOP)
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - APART)
    for place, (_, label) in zip(places, sorted(beside), strict=True):
        axes.annotate(
            label, (1, place), (4, 0), xycoords="axes fraction", textcoords="offset points", va="center",
            size=FONT_SIZE, color=GREY, annotation_clip=False,
        )  # fmt: skip


def _handles(marks: set[str]) -> list[Artist]:
    """Legend entries of the marks that occurred; black, as colours stand for architectures."""
    point = {"linestyle": "", "marker": "o", "markersize": 7, "markeredgewidth": 1.5}
    entries: dict[str, Artist] = {
        "inside": key("λ*(η) inside the grid", color=INK, **point),
        "edge": key("λ*(η) at the grid's edge or 0 (→ beyond)", color="white", markeredgecolor=INK, **point),
        "origin": key("paper's λ* = ρη (least squares through 0)", color=INK, linewidth=1.8),
        "power": key("paper's ln λ* = a + b ln η", color=INK, linewidth=1.8, linestyle=(0, (5, 2))),
        "direction": key(
            "slopes b = +1, 0, −1 for comparison", color="#9A9A9A", linewidth=0.9, linestyle=(0, (1, 1.5))
        ),
        "range": Patch(facecolor=BAND, edgecolor="#CFCFCF", label="λ that were trained"),
    }
    return [entry for kind, entry in entries.items() if kind in marks]
