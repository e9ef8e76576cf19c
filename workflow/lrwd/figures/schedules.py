"""Figure: the learning rate (and the weight decay, where it is scheduled) over the training, as each recipe had it."""

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrwd.figures._frame import Input, from_histories
from lrwd.figures._groups import block_name, blocks, grid_runs, groups
from lrwd.figures._style import (
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
PANEL_WIDTH, PANEL_HEIGHT, MAX_COLUMNS = 2.45, 1.75, 4


@from_histories(TITLE)
def draw(given: Input) -> Figure:
    """lr_t / lr at the end of every epoch, one panel a recipe, one line an architecture; mean and range of seeds."""
    listed = given.groups
    by_recipe, look = blocks(listed), looks([group.label for group in listed])
    columns = min(MAX_COLUMNS, len(by_recipe))
    num_rows = -(-len(by_recipe) // columns)
    width = max(PANEL_WIDTH * columns, 6.5)
    figure = given.new_figure(width, PANEL_HEIGHT * num_rows + 0.2)
    places = list(figure.subplots(num_rows, columns, squeeze=False).flat)
    one_dataset = len({dataset for dataset, _ in by_recipe}) == 1
    scheduled = False
    for axes, ((dataset, recipe), members) in zip(places, by_recipe.items(), strict=False):
        for group in members:
            scheduled |= _draw_cell(axes, group.rows(given.histories), look[group.label][0])
        title = shortened(recipe) if one_dataset else block_name(dataset, recipe, listed)
        _label(axes, wrap(title, width / columns - 0.6, PANEL_SIZE))
    for axes in places[len(by_recipe) :]:
        axes.remove()
    legend(figure, _handles(look, scheduled))
    return figure


def cells(runs: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Runs whose histories ``draw`` wants: of each group the cell of the largest mean select_top1, every seed."""
    grid = grid_runs(runs)
    rows = [grid.iloc[:0]]
    for group in groups(grid):
        mine = group.rows(grid)
        lr, wd = mine.groupby(["lr", "wd"])["select_top1"].mean().idxmax()
        rows.append(mine[(mine["lr"] == lr) & (mine["wd"] == wd)])
    return pd.concat(rows)


def _draw_cell(axes: Axes, history: pd.DataFrame, colour: str) -> bool:
    """Draw a cell's rates as shares of their peaks; returns whether its decay is scheduled."""
    _mean(axes, history["epoch"] + 1, history["lr_t"] / history["lr"], colour, "-")
    decay = history["wd_t"] / history["wd"].where(history["wd"] > 0)
    scheduled = bool((decay.dropna() != 1).any())
    if scheduled:
        # In a dark colour, as it may coincide with the learning rate's line.
        _mean(axes, history["epoch"] + 1, decay, INK, DASHED)
    return scheduled


def _mean(axes: Axes, epoch: pd.Series, share: pd.Series, colour: str, style: object) -> None:
    by_epoch = share.groupby(epoch).agg(["mean", "min", "max"]).dropna()
    # One point for each epoch: rates within an epoch, such as a warm-up in the first one, are not recorded.
    axes.plot(
        by_epoch.index, by_epoch["mean"], color=colour, linestyle=style, linewidth=1.5 if style == "-" else 1.0,
        marker="." if style == "-" else "", markersize=4, zorder=3,
    )  # fmt: skip
    axes.fill_between(by_epoch.index, by_epoch["min"], by_epoch["max"], color=colour, alpha=0.15, linewidth=0, zorder=2)


def _label(axes: Axes, title: str) -> None:
    dress(axes, grid="y")
    axes.set_title(title, size=PANEL_SIZE, loc="left", color=INK)
    axes.set_xlabel("epoch", size=FONT_SIZE)
    axes.set_ylabel("ηₜ / η", size=FONT_SIZE)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0, top=max(1.05, axes.get_ylim()[1]))
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))


def _handles(look: dict[str, tuple[str, str]], scheduled: bool) -> list[Artist]:
    handles: list[Artist] = [
        key(f"{label}, best cell", color=colour, linewidth=1.5) for label, (colour, _) in look.items()
    ]
    if scheduled:
        handles.append(key("weight decay, λₜ / λ", color=INK, linewidth=1.0, linestyle=DASHED))
    return handles
