"""Figure: where the metric is best at each lr, the ridge through the peaks, and what each hypothesis predicts."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from lrwd.analysis.ridges import OPEN, RECOMMENDED
from lrwd.analysis.undefined import number, reason
from lrwd.figures._cells import drops, is_cloud
from lrwd.figures._frame import Input, from_grid
from lrwd.figures._groups import columns_and_width, name, num_rows, panels
from lrwd.figures._logzero import LogZero
from lrwd.figures._metric import Metric
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PANEL_SIZE,
    VERMILLION,
    dress,
    dress_bar,
    key,
    legend,
)
from lrwd.figures._text import compact, interval, wrap

TITLE = "The best weight decay at each learning rate, and which of three answers is left"
CURVE = ("lr_low", "lr_high", "log_wd_low", "log_wd_high", "curvature")
RIDGE = (
    "dataset",
    "arch",
    "label",
    "recipe",
    "estimator",
    "b",
    "b_ci_low",
    "b_ci_high",
    "log_wd_ref",
    "lr_ref",
    *CURVE,
)
ROWS = (*RIDGE[:4], "lr", "row_kind", "wd_star", "wd_peak", "wd_peak_ci_low", "wd_peak_ci_high")
BOUNDS = ("wd_bound_low", "wd_bound_high")
# Slope -> look of the line that a hypothesis predicts.
HYPOTHESES = {1.0: (BLUE, (0, (5, 2))), 0.0: (GREEN, (0, (1, 1.2))), -1.0: (ORANGE, (0, (5, 1.5, 1, 1.5)))}
NAMES = {1.0: "b = +1 (λ/η constant)", 0.0: "b = 0 (λ constant)", -1.0: "b = −1 (ηλ constant)"}
# What stays constant, by the name in the table.
CONSTANT = {"ratio": "λ/η", "constant": "λ", "timescale": "ηλ"}
SURFACE = LinearSegmentedColormap.from_list("faint", ["#9A9A9A", "#FFFFFF"])
UNTRAINED = "#DCE9F2"


@from_grid(TITLE, most=12)
def draw(given: Input) -> Figure:
    """Peaks with intervals, bounds as arrows, the fitted ridge and three hypotheses, over the surface.

    Of a random search, the runs are drawn in place of the surface, and no peaks. Reads ``timescale`` for what each
    learning rate says of the optimum, and ``ridge`` for the line.
    """
    grid, listed = given.rows, given.groups
    peaks, ridges = given.table("timescale", ROWS), given.table("ridge", RIDGE)
    columns, width = columns_and_width(listed)
    metric = given.metric
    cells = {group: _cells(group.rows(grid), metric) for group in listed}
    clouds = {group for group in listed if is_cloud(group.rows(grid))}
    norm = _norm([frame["drop"] for frame in cells.values()], metric.is_accuracy)
    figure = given.new_figure(width, 3.1 * num_rows(listed, columns))
    marks: set[str] = set()
    places = panels(figure, listed, columns)
    # Text is wrapped to the panel's width, as constrained layout ignores the width of titles.
    room = width / columns - (0.95 if columns > 1 else 1.6)
    for group, axes in places.items():
        dress(axes)
        ridge = group.row(ridges[ridges["estimator"] == RECOMMENDED])
        rows = group.rows(peaks).sort_values("lr", key=lambda column: column.map(number))
        x, y = _limits(cells[group])
        if group in clouds:
            _cloud(axes, cells[group], x, y, norm)
            marks.add("run")
        elif not _surface(axes, cells[group], x, y, norm):
            marks.add("untrained")
        if ridge is not None and np.isfinite([number(ridge["log_wd_ref"]), number(ridge["lr_ref"])]).all():
            _lines(axes, ridge, x)
            marks.add("ridge")
        if group not in clouds:
            marks |= {_mark(axes, row, y) for _, row in rows.iterrows()}
        _axes(axes, x, y, cells[group], room, labelled=group not in clouds)
        _head(axes, name(group, listed), ridge, room)
    bar = figure.colorbar(
        ScalarMappable(norm, SURFACE), ax=list(places.values()), extend="min", fraction=0.05, pad=0.02,
        aspect=22 * num_rows(listed, columns), ticks=MaxNLocator(5), format=lambda value, _: compact(abs(value)),
    )  # fmt: skip
    dress_bar(bar, metric.label_of_differences("all runs" if len(clouds) == len(listed) else "its η"))
    legend(figure, _handles(marks))
    return figure


def _cells(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """How much worse each cell with wd > 0 is than the best of its lr (wd = 0 included there)."""
    means = drops(rows, metric)
    return means[means["wd"] > 0]


def _norm(columns: Sequence[pd.Series], percent: bool) -> Normalize:
    """A colour scale for the cells around the ridge; cells far below them have its last colour."""
    together = np.concatenate([drop.to_numpy(dtype=float) for drop in columns])
    usual = 2.0 * float(np.quantile(-together, 0.5)) if together.size else 1.0
    return Normalize(-max(usual, 0.5 if percent else 1e-9), 0.0)


def _edges(values: np.ndarray) -> np.ndarray:
    """Edges of cells around ascending values, halfway between them on a logarithmic axis."""
    logs = np.log(values)
    middles = (logs[1:] + logs[:-1]) / 2
    half = float(np.median(np.diff(logs))) / 2 if len(logs) > 1 else math.log(2.0)
    return np.exp(np.concatenate([[logs[0] - half], middles, [logs[-1] + half]]))


def _limits(cells: pd.DataFrame) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits of a panel: its cells' edges."""
    if cells.empty:
        return (1e-4, 1e-2), (1e-3, 1.0)
    x = _edges(np.unique(cells["lr"]))
    y = [_edges(np.unique(own["wd"])) for _, own in cells.groupby("lr")]
    return (x[0], x[-1]), (min(edges[0] for edges in y), max(edges[-1] for edges in y))


def _surface(axes: Axes, cells: pd.DataFrame, x: tuple[float, float], y: tuple[float, float], norm: Normalize) -> bool:
    """Draw the metric as a faint map, cell by cell; returns whether the cells fill the panel."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    if cells.empty:
        axes.text(0.5, 0.5, "no λ > 0", transform=axes.transAxes, ha="center", size=FONT_SIZE, color=GREY)
        return True
    axes.set_facecolor(UNTRAINED)
    filled = True
    colours = ScalarMappable(norm, SURFACE)
    columns = _edges(np.unique(cells["lr"]))
    for index, (_, own) in enumerate(cells.groupby("lr")):
        own = own.sort_values("wd")
        rows = _edges(own["wd"].to_numpy(dtype=float))
        filled &= bool(np.allclose(np.log([rows[0], rows[-1]]), np.log(y)))
        for low, high, drop in zip(rows, rows[1:], own["drop"], strict=False):
            box = Rectangle((columns[index], low), columns[index + 1] - columns[index], high - low)
            box.set(facecolor=colours.to_rgba(drop), edgecolor="white", linewidth=0.4, zorder=0)
            axes.add_patch(box)
    return filled


def _cloud(axes: Axes, cells: pd.DataFrame, x: tuple[float, float], y: tuple[float, float], norm: Normalize) -> None:
    """Draw the runs of a random search as dots: the lighter, the better."""
    axes.set(xscale="log", yscale="log", xlim=x, ylim=y)
    shown = cells.sort_values("drop")
    axes.scatter(
        shown["lr"], shown["wd"], c=shown["drop"], cmap=SURFACE, norm=norm, s=18, edgecolors=GREY, linewidths=0.5,
        zorder=1,
    )  # fmt: skip


def _lines(axes: Axes, ridge: pd.Series, x: tuple[float, float]) -> None:
    """The fitted curve over the learning rates that it is about, and the three hypotheses through its middle."""
    lr = np.array(x)
    level, middle = number(ridge["log_wd_ref"]), number(ridge["lr_ref"])
    for slope, (colour, dashes) in HYPOTHESES.items():
        wd = np.exp(level + slope * np.log(lr / middle))
        axes.plot(lr, wd, color=colour, linewidth=1.8, linestyle=dashes, zorder=2.6)
    low, high, start, end, bend = (number(ridge[name]) for name in CURVE)
    if not np.isfinite([low, high, start, end]).all():
        return
    lr = np.geomspace(low, high, 60)
    along, back = np.log(lr / low), np.log(lr / high)
    # The curve of this curvature through both of its ends.
    share = along / np.log(high / low) if high > low else np.zeros(1)
    wd = np.exp(start + (end - start) * share + (bend if np.isfinite(bend) else 0.0) * along * back)
    axes.plot(lr, wd, color="white", linewidth=4.4, zorder=2.4)
    axes.plot(lr, wd, color=VERMILLION, linewidth=2.4, zorder=2.5)


def _mark(axes: Axes, row: pd.Series, y: tuple[float, float]) -> str:
    """Draw what is known of the optimum at one learning rate; returns its kind, "" if nothing was drawn."""
    lr, kind, star = number(row["lr"]), str(row["row_kind"]), number(row["wd_star"])
    low, high = (number(row.get(column)) for column in BOUNDS)
    if kind == "peak":
        peak, ends = number(row["wd_peak"]), [number(row["wd_peak_ci_low"]), number(row["wd_peak_ci_high"])]
        if np.isfinite(ends).all():
            ends = [float(np.clip(end, *y)) for end in ends]
            axes.plot([lr, lr], ends, color="white", linewidth=4.0, zorder=3)
            axes.plot([lr, lr], ends, color=INK, linewidth=2.0, zorder=3.1)
        axes.plot(lr, peak, "o", color=INK, markeredgecolor="white", markersize=7.5, zorder=4)
    elif kind == "interval" and np.isfinite([low, high]).all():
        axes.plot([lr, lr], [low, high], color=INK, linewidth=1.6, linestyle=(0, (1, 1)), zorder=3)
        axes.plot([lr, lr], [low, high], "_", color=INK, markersize=8, markeredgewidth=1.6, zorder=3)
    elif kind in ("low", "high"):
        # From the bound, or else the grid's edge, to the panel's end on the side on which the optimum lies.
        bound = high if kind == "low" else low
        start = bound if math.isfinite(bound) else star if star > 0 else y[0]
        end = y[0] * (y[1] / y[0]) ** 0.03 if kind == "low" else y[1] / (y[1] / y[0]) ** 0.03
        axes.annotate(
            "", (lr, end), (lr, start), zorder=3,
            arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.5, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        axes.plot(lr, start, "_", color=INK, markersize=8, markeredgewidth=1.6, zorder=3)
    elif kind == "flat":
        axes.plot(lr, math.sqrt(y[0] * y[1]), "x", color=INK, markersize=6, markeredgewidth=1.6, zorder=3)
    else:
        return ""
    return kind


def _axes(
    axes: Axes, x: tuple[float, float], y: tuple[float, float], cells: pd.DataFrame, room: float, labelled: bool
) -> None:
    """Ticks on both axes of every panel, as the panels' grids may differ; at the grid's values if ``labelled``."""
    across, up = LogZero(*x, None, x[0]), LogZero(*y, None, y[0])
    wds = np.unique(cells["wd"])
    ticks = across.labelled(np.unique(cells["lr"]), 0.9 * room, upright=False) if labelled else None
    across.apply(axes, "x", most=6, ticks=ticks)
    up.apply(axes, "y", most=8, ticks=[float(wd) for wd in wds] if 0 < len(wds) <= 8 else None)
    axes.set_xlabel("peak learning rate η", size=FONT_SIZE)
    axes.set_ylabel("weight decay λ", size=FONT_SIZE)


def _head(axes: Axes, title: str, ridge: "pd.Series | None", room: float) -> None:
    """The panel's name with what stays constant, and below it the slope, or why there is none."""
    if ridge is None:
        text = "no ridge in the tables"
    elif reason(ridge["b"]):
        text = f"not identifiable: {reason(ridge['b'])}"
    else:
        title += _said(ridge)
        text = f"b = {interval(ridge['b'], ridge['b_ci_low'], ridge['b_ci_high'], decimals=2)}"
    lines = wrap(text, room - 0.15, FONT_SIZE)
    if lines.count("\n") > 1:  # the table has the whole reason
        lines = "\n".join(lines.split("\n")[:2]) + " …"
    axes.set_title(lines, size=FONT_SIZE, color=INK, loc="left")
    down = 6 + 11.5 * (lines.count("\n") + 1)
    axes.annotate(
        wrap(title, room, PANEL_SIZE * 1.1), (0, 1), (0, down), xycoords="axes fraction",
        textcoords="offset points", size=PANEL_SIZE, weight="bold", color=INK, va="bottom", annotation_clip=False,
    )  # fmt: skip


def _said(ridge: pd.Series) -> str:
    """The verdict in short: which answer is left, or which are excluded."""
    if "verdict" not in ridge:
        return ""
    excluded = str(ridge.get("excluded", ""))
    if ridge["verdict"] == OPEN and excluded:
        return f" · {', '.join(CONSTANT[name] for name in excluded.split(', '))} not constant"
    call = str(ridge["verdict"])
    # "left" of the three at 99%: the 95% interval may exclude this one too.
    return f" · left: {CONSTANT[call]} constant" if call in CONSTANT else f" · {call}"


def _handles(marks: set[str]) -> list:
    """Legend entries of what occurred, in a fixed order."""
    mark = {"color": INK, "markersize": 7}
    entries: dict[str, Any] = {
        "peak": key("peak with 95% interval", marker="o", markeredgecolor="white", linewidth=2.0, **mark),
        "low": key("only an upper bound of λ*", marker="v", linewidth=1.5, **mark),
        "high": key("only a lower bound of λ*", marker="^", linewidth=1.5, **mark),
        "interval": key("λ* between two bounds", marker="_", linestyle=(0, (1, 1)), linewidth=1.6, **mark),
        "flat": key("flat: says nothing of λ*", marker="x", linewidth=0, **mark),
    }
    if "run" in marks:
        entries["run"] = key("a run", marker="o", color="white", markeredgecolor=GREY, linestyle="", markersize=5)
    if "untrained" in marks:
        entries["untrained"] = Patch(facecolor=UNTRAINED, label="not trained")
    found = [entry for kind, entry in entries.items() if kind in marks]
    if "ridge" in marks:
        found.append(key("fitted ridge", color=VERMILLION, linewidth=2.4))
        found += [
            key(NAMES[slope], color=colour, linestyle=dashes, linewidth=1.8)
            for slope, (colour, dashes) in HYPOTHESES.items()
        ]
    return found or [Patch(facecolor="#9A9A9A", label="darker: further below the best of its η")]
