"""Figure: the study's metric over learning rate and weight decay, with the recommended cell drawn in."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from lrwd.analysis.undefined import as_array, number
from lrwd.figures._cells import Layout, is_cloud, layout_of, mean_merit
from lrwd.figures._frame import Input, from_grid
from lrwd.figures._groups import Group, blocks, columns_and_width, name, num_rows, panels
from lrwd.figures._log_axis import log_axis
from lrwd.figures._metric import Metric
from lrwd.figures._style import FONT_SIZE, INK, PANEL_SIZE, dress, dress_bar, key, legend
from lrwd.figures._text import compact, inches, wrap

TITLE = "The metric over learning rate and weight decay"
COLUMNS = ("dataset", "arch", "label", "recipe", "lr", "wd_star", "edge")
MISSING, DIVERGED, BEST, AT_EDGE = "#EDEDED", "#D5D5D5", "#C00000", "#FF9D5C"
# Where an optimum lies -> its marker: inside the grid, at its smallest or largest weight decay, or at zero.
EDGES = {"interior": "o", "low": "v", "high": "^", "zero": "s"}


@from_grid(TITLE, most=12)
def draw(given: Input) -> Figure:
    """Heat map of the mean reported metric per (lr, wd), one panel a group, with the paper's wd*(lr) as a line.

    A random search has dots in place of cells, and no line.

    Reads ``best`` for the recommended cell, and ``optimal_wd`` for the line, which is by accuracy: a study of another
    metric has none.
    """
    metric = given.metric
    given = replace(given, title=f"{metric.label.capitalize()} over learning rate and weight decay")
    optimal = given.table("optimal_wd", COLUMNS)
    optimal = optimal if metric.is_accuracy else optimal.iloc[:0]
    best = given.table("best", (*COLUMNS[:4], "lr", "wd"))
    grid, listed = given.rows, given.groups
    columns, width = columns_and_width(listed)
    layouts = {
        block: layout_of(pd.concat([group.rows(grid) for group in members]))
        for block, members in blocks(listed).items()
    }
    clouds = {group for group in listed if is_cloud(group.rows(grid))}
    titles = {group: wrap(name(group, listed), width / columns - 0.9, PANEL_SIZE) for group in listed}
    # A random search has a wd for each run, and no rows.
    tallest = max(
        0 if clouds & set(members) else layouts[block].num_levels for block, members in blocks(listed).items()
    )
    height = num_rows(listed, columns) * max(2.7, 1.25 + 0.17 * tallest)
    figure = given.new_figure(width, height)
    places = panels(figure, listed, columns)
    marks: set[str] = set()
    for block, members in blocks(listed).items():
        layout = layouts[block]
        means = {group: mean_merit(group.rows(grid), metric) for group in members}
        num_classes = float(members[0].rows(grid)["num_classes"].iloc[0])
        # Of what is no accuracy, the worst value that learning leaves behind is not known.
        chance = 100 / num_classes if metric.is_accuracy else -np.inf
        scales = _scales(means, chance)
        for group in members:
            axes = places[group]
            if group in clouds:
                marks |= _cloud(axes, means[group], scales[group], group.row(best))
                axes.set_title(titles[group], size=PANEL_SIZE, color=INK, loc="left")
                continue
            marks |= _cells(axes, layout, group.rows(grid), means[group], scales[group])
            marks |= _optima(axes, layout, group.rows(optimal), group.row(best))
            _axes(axes, layout, width / columns, first=members.index(group) % columns == 0)
            axes.set_title(titles[group], size=PANEL_SIZE, color=INK, loc="left")
        _bars(figure, scales, places, means, metric)
    legend(figure, _handles(marks))
    return figure


def _scales(means: dict[Group, pd.DataFrame], chance: float) -> dict[Group, Normalize]:
    """One colour scale for a block if its panels' values overlap well, else one a panel.

    Bad cells must not use up the colours that show the optimum: cells near chance do not affect the scale; and if the
    lowest quarter of the cells spans more than a third of the range, the scale starts above that quarter and the bar's
    end is pointed.
    """
    values = {group: _learnt(mean["merit"].to_numpy(dtype=float), chance) for group, mean in means.items()}
    lows = {group: np.quantile(value, 0.25) for group, value in values.items()}
    crushed = [len(v) >= 12 and lows[group] - v.min() > 0.35 * np.ptp(v) for group, v in values.items()]
    if any(crushed):
        values = {group: value[value >= lows[group]] for group, value in values.items()}
    together = np.concatenate(list(values.values()))
    if np.ptp(together) <= 1.5 * np.median([np.ptp(value) for value in values.values()]):
        return dict.fromkeys(means, _norm(together))
    return {group: _norm(value) for group, value in values.items()}


def _learnt(values: np.ndarray, chance: float) -> np.ndarray:
    """Cells clearly above chance, or all where there are none."""
    kept = values[values > 1.5 * chance]
    return kept if kept.size else values


def _norm(values: np.ndarray) -> Normalize:
    low, high = float(values.min()), float(values.max())
    return Normalize(low, high if high > low else low + 1.0)


def _cells(axes: Axes, layout: Layout, rows: pd.DataFrame, means: pd.DataFrame, scale: Normalize) -> set[str]:
    """Draw every expected cell of a panel; returns which special kinds occurred."""
    colours = ScalarMappable(scale, "viridis")
    by_cell = means.set_index(["lr", "wd"])
    kinds: set[str] = set()
    for lr, wd, left, bottom, width, height in layout.boxes():
        box: dict[str, Any] = {"xy": (left, bottom), "width": width, "height": height}
        if (lr, wd) not in by_cell.index:
            kinds.add("missing")
            axes.add_patch(Rectangle(**box, facecolor=MISSING, edgecolor="white", linewidth=0.6))
            continue
        cell = by_cell.loc[(lr, wd)]
        if cell["num_diverged"] == cell["num_seeds"]:
            kinds.add("diverged")
            axes.add_patch(Rectangle(**box, facecolor=DIVERGED, edgecolor="#8A8A8A", hatch="////", linewidth=0))
            continue
        axes.add_patch(Rectangle(**box, facecolor=colours.to_rgba(cell["merit"]), edgecolor="none"))
        if cell["num_diverged"]:
            kinds.add("some diverged")
            axes.add_patch(Rectangle(**box, facecolor="none", edgecolor="white", hatch="//", linewidth=0))
        if cell["num_seeds"] < rows["seed"].nunique():
            kinds.add("fewer seeds")
            ink = "black" if scale(cell["merit"]) > 0.6 else "white"
            axes.plot(left + width / 2, bottom + height / 2, "x", color=ink, markersize=3.5, zorder=2)
    return kinds


def _cloud(axes: Axes, means: pd.DataFrame, scale: Normalize, best: "pd.Series | None") -> set[str]:
    """Draw the runs of a random search as dots, the better ones on top, and the recommended pair."""
    dress(axes)
    shown = means[means["wd"] > 0].sort_values("merit")
    axes.scatter(shown["lr"], shown["wd"], c=shown["merit"], cmap="viridis", norm=scale, s=22, linewidths=0)
    log_axis(axes, "x")
    log_axis(axes, "y")
    axes.set_xlabel("peak learning rate η", size=FONT_SIZE)
    axes.set_ylabel("weight decay λ", size=FONT_SIZE)
    if best is None or not np.isfinite([number(best["lr"]), number(best["wd"])]).all():
        return set()
    axes.plot(number(best["lr"]), number(best["wd"]), "s", color="none", markeredgecolor=BEST, markersize=9)
    return {"best"}


def _optima(axes: Axes, layout: Layout, optimal: pd.DataFrame, best: "pd.Series | None") -> set[str]:
    """Draw wd*(lr) as a line with a marker for where in its row each optimum lies."""
    optimal = optimal.sort_values("lr")
    stars = as_array(optimal["wd_star"])
    known = np.isfinite(stars)
    x = [layout.x(lr) for lr in as_array(optimal["lr"])[known]]
    y = [layout.y(star) for star in stars[known]]
    edges = [str(edge) for edge in optimal["edge"][known]]
    outline = [patheffects.withStroke(linewidth=3.2, foreground="black")]
    axes.plot(x, y, color="white", linewidth=1.6, zorder=3, path_effects=outline)
    for x_one, y_one, edge in zip(x, y, edges, strict=True):
        face = "white" if edge == "interior" else AT_EDGE
        marker = EDGES.get(edge, "o")
        axes.plot(x_one, y_one, marker, color=face, markeredgecolor="black", markersize=6.5, zorder=4)
    kinds = set(edges)
    if best is not None and np.isfinite([number(best["lr"]), number(best["wd"])]).all():
        left, bottom, width, height = layout.box(number(best["lr"]), number(best["wd"]))
        frame = Rectangle((left, bottom), width, height, facecolor="none", edgecolor=BEST, linewidth=2.4)
        frame.set_zorder(2.5)
        axes.add_patch(frame)
        kinds.add("best")
    return kinds


def _axes(axes: Axes, layout: Layout, width: float, first: bool) -> None:
    """Ticks and labels; panels of a row share their weight decays, so only the first one names them."""
    dress(axes)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_xlim(-0.5, len(layout.lrs) - 0.5)
    axes.set_ylim(*layout.limits())
    labels = [compact(lr) for lr in layout.lrs]
    # Labels are horizontal if they fit next to each other, else vertical.
    room = (width - 1.2) / len(labels)
    turned = max(inches(label, FONT_SIZE) for label in labels) + 0.08 > room
    axes.set_xticks(range(len(labels)), labels=labels, size=FONT_SIZE, rotation=90 if turned else 0)
    ticks = layout.ticks()
    names = [label if first else "" for _, label in ticks]
    axes.set_yticks([place for place, _ in ticks], labels=names, size=FONT_SIZE)
    axes.set_xlabel("peak learning rate η", size=FONT_SIZE)
    if first:
        axes.set_ylabel("weight decay λ", size=FONT_SIZE)


def _bars(
    figure: Figure,
    scales: dict[Group, Normalize],
    places: dict[Group, Axes],
    means: dict[Group, pd.DataFrame],
    metric: Metric,
) -> None:
    """A colour bar for each scale: beside its only panel, or beside all panels that share it."""
    shared = len({id(scale) for scale in scales.values()}) == 1
    for members in [list(scales)] if shared else [[group] for group in scales]:
        scale = scales[members[0]]
        lowest = min(float(means[group]["merit"].min()) for group in members)
        bar = figure.colorbar(
            ScalarMappable(scale, "viridis"),
            ax=[places[group] for group in members],
            extend="min" if lowest < float(scale.vmin or 0.0) else "neither",
            aspect=45 if len(members) > 3 else 22,
            pad=0.02,
            ticks=MaxNLocator(6, steps=[1, 2, 5, 10]),
            fraction=0.06,
            format=lambda value, _: f"{abs(value):g}",
        )
        dress_bar(bar, metric.label)


def _handles(marks: set[str]) -> list:
    """Legend entries of what occurred, in a fixed order."""
    line = {"color": "black", "linewidth": 1.2, "markeredgecolor": "black", "markersize": 6.5}
    orange = {**line, "markerfacecolor": AT_EDGE}
    entries = {
        "interior": key("paper's λ*(η), inside the grid", marker="o", markerfacecolor="white", **line),
        "low": key("λ* = smallest λ of the grid", marker="v", **orange),
        "high": key("λ* = largest λ of the grid", marker="^", **orange),
        "zero": key("λ* = 0", marker="s", **orange),
        "best": Patch(facecolor="#FDE725", edgecolor=BEST, linewidth=2.4, label="recommended (η, λ)"),
        "missing": Patch(facecolor=MISSING, edgecolor="#BDBDBD", label="not trained (yet)"),
        "fewer seeds": key("fewer seeds than other cells", marker="x", color="black", linestyle="", markersize=4),
        "diverged": Patch(facecolor=DIVERGED, edgecolor="#8A8A8A", hatch="////", label="all seeds diverged"),
        "some diverged": Patch(facecolor="#31688E", edgecolor="white", hatch="//", label="some seeds diverged"),
    }
    return [entry for kind, entry in entries.items() if kind in marks]
