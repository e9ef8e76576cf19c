"""Figure: the learning rate (and the weight decay, where it is scheduled) over the training, as each recipe had it."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrwd.figures._frame import Input, from_histories
from lrwd.figures._groups import best_cell, block_name, blocks, grid_runs, groups
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    INK,
    PANEL_SIZE,
    dress,
    key,
    legend,
    looks,
)
from lrwd.figures._text import shortened, wrap

TITLE = "Learning rate over the training"
DASHED = (0, (2.5, 1.5))
# Key of a line that holds for all architectures.
ALL = ""
PANEL_WIDTH, PANEL_HEIGHT, MAX_COLUMNS = 2.45, 1.75, 4


@from_histories(TITLE, most=24, by=("dataset", "recipe"))
def draw(given: Input) -> Figure:
    """lr_t / lr at the end of every epoch, one panel a recipe; mean and range of seeds.

    A line an architecture where they differ, else one line for all of them.
    """
    listed = given.groups
    by_recipe, look = blocks(listed), looks([group.label for group in listed])
    columns = min(MAX_COLUMNS, len(by_recipe))
    num_rows = -(-len(by_recipe) // columns)
    width = max(PANEL_WIDTH * columns, 6.5)
    figure = given.new_figure(width, (PANEL_HEIGHT if columns > 1 else 2.1) * num_rows + 0.2)
    places = list(figure.subplots(num_rows, columns, squeeze=False).flat)
    several = len(by_recipe) > 1
    marks: set[str] = set()
    for axes, ((dataset, recipe), members) in zip(places, by_recipe.items(), strict=False):
        marks |= _panel(axes, {group.label: _shares(group.rows(given.histories)) for group in members}, look)
        title = wrap(block_name(dataset, recipe, listed), width / columns - 0.6, PANEL_SIZE) if several else ""
        _label(axes, title)
    for axes in places[len(by_recipe) :]:
        axes.remove()
    legend(figure, _handles(look, marks, len({group.arch for group in listed})))
    return figure


def cells(runs: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Runs whose histories ``draw`` wants: of each group the best cell, every seed."""
    grid = grid_runs(runs)
    rows = [grid.iloc[:0]]
    for group in groups(grid):
        mine = group.rows(grid)
        lr, wd = best_cell(mine)
        rows.append(mine[(mine["lr"] == lr) & (mine["wd"] == wd)])
    return pd.concat(rows)


def _shares(history: pd.DataFrame) -> pd.DataFrame:
    """A cell's rates as shares of their peaks, mean and range of its seeds, by epoch from 1 on."""
    shares = pd.DataFrame(
        {
            "epoch": history["epoch"] + 1,
            "lr": history["lr_t"] / history["lr"],
            "wd": history["wd_t"] / history["wd"].where(history["wd"] > 0),
        }
    )
    return shares.groupby("epoch").agg(["mean", "min", "max"])


def _panel(axes: Axes, shares: dict[str, pd.DataFrame], look: dict[str, tuple[str, str]]) -> set[str]:
    """Draw a recipe's rates by architecture; returns which lines occurred."""
    first = next(iter(shares.values()))
    same = all(_equal(first["lr"], other["lr"]) for other in shares.values())
    marks = {ALL} if same else set(shares)
    for label, share in {ALL: first}.items() if same else shares.items():
        _line(axes, share["lr"], BLUE if same else look[label][0], "-")
    decays = [share["wd"] for share in shares.values() if (share["wd"].dropna() != 1).any(axis=None)]
    if decays:
        marks.add("decay")
        for index, decay in enumerate(decays):
            if not any(_equal(decay, other) for other in decays[:index]):
                # In a dark colour, as it may coincide with the learning rate's line.
                _line(axes, decay, INK, DASHED)
    return marks


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-6, atol=1e-9, equal_nan=True))


def _line(axes: Axes, share: pd.DataFrame, colour: str, style: object) -> None:
    share = share.dropna()
    # One point for each epoch: rates within an epoch, such as a warm-up in the first one, are not recorded.
    axes.plot(
        share.index, share["mean"], color=colour, linestyle=style, linewidth=1.8 if style == "-" else 1.1,
        marker="." if style == "-" else "", markersize=5, zorder=3,
    )  # fmt: skip
    axes.fill_between(share.index, share["min"], share["max"], color=colour, alpha=0.15, linewidth=0, zorder=2)


def _label(axes: Axes, title: str) -> None:
    dress(axes, grid="y")
    axes.set_title(title, size=PANEL_SIZE, loc="left", color=INK)
    axes.set_xlabel("epoch", size=FONT_SIZE)
    axes.set_ylabel("share of the peak", size=FONT_SIZE)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0, top=max(1.05, axes.get_ylim()[1]))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def _handles(look: dict[str, tuple[str, str]], marks: set[str], num_archs: int) -> list[Artist]:
    handles: list[Artist] = []
    if ALL in marks:
        whose = f", the same for all {num_archs} architectures" if num_archs > 1 else ""
        handles.append(key(f"learning rate{whose}", color=BLUE, marker=".", linewidth=1.8))
    handles += [
        key(f"learning rate, {shortened(label)}", color=colour, marker=".", linewidth=1.8)
        for label, (colour, _) in look.items()
        if label in marks
    ]
    if "decay" in marks:
        handles.append(key("weight decay λₜ / λ", color=INK, linewidth=1.1, linestyle=DASHED))
    return handles
