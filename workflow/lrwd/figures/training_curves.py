"""Figure: loss, accuracy and weight norm by epoch at the best cell and at the extremes of weight decay."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrwd.analysis.undefined import number
from lrwd.figures._frame import KEYS, Input, from_histories
from lrwd.figures._groups import best_cell, first, grid_runs, groups, name, table
from lrwd.figures._log_axis import log_axis
from lrwd.figures._style import (
    BLUE,
    FONT_SIZE,
    GREY,
    INK,
    MAX_WIDTH,
    PANEL_SIZE,
    VERMILLION,
    dress,
    key,
    legend,
)
from lrwd.figures._text import compact, wrap

TITLE = "Training curves at the best cell and at the extremes of weight decay"
COLUMNS = ("dataset", "arch", "label", "recipe", "best_2d_lr", "best_2d_wd")
# Role of a cell -> its colour and width; "best" is drawn last, on top.
ROLES = {"smallest λ": (BLUE, 1.3), "largest λ": (VERMILLION, 1.3), "best cell": (INK, 1.8)}
DASHED = (0, (2.5, 1.5))
# A loss that falls by more than this factor has a logarithmic axis.
LOG_FROM = 30.0
ROW = 1.5
# Networks drawn at most.
MOST = 8


@dataclass(frozen=True)
class Cell:
    """One (lr, wd) of a group and what it stands for."""

    lr: float
    wd: float
    role: str


@from_histories(TITLE, most=MOST)
def draw(given: Input) -> Figure:
    """Training loss, top-1 accuracy and weight RMS by epoch, one row a group; mean and range of seeds.

    Reads ``gap`` for the best cell; without it, that is the best cell by the study's metric.
    """
    grid, listed, histories = given.rows, given.groups, given.histories
    best = given.table("gap", COLUMNS)
    measure = "val_top1" if histories["val_top1"].notna().any() else "test_top1"
    # Epochs are printed from 1 on, whichever number they begin with in the histories.
    numbered = histories.assign(epoch=histories["epoch"] - histories["epoch"].min() + 1)
    chosen = {group: _cells(group.rows(grid), group.row(best)) for group in listed}
    figure = given.new_figure(MAX_WIDTH, ROW * len(listed) + 0.3)
    places = figure.subplots(len(listed), 3, squeeze=False)
    kinds: set[str] = set()
    for row, group in enumerate(listed):
        mine = group.rows(numbered)
        for cell in chosen[group]:
            kinds |= _draw_cell(places[row], mine, cell, measure, _diverged(group.rows(grid), cell))
        _label(places[row], last=row == len(listed) - 1)
        title = f"{name(group, listed)}  (η = {compact(chosen[group][0].lr)}; {_values(chosen[group])})"
        places[row, 0].set_title(wrap(title, 9.5, PANEL_SIZE), size=PANEL_SIZE, loc="left", color=INK)
    legend(figure, _handles(kinds, measure))
    return figure


def cells(runs: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Runs whose histories ``draw`` wants: the rows of the chosen cells, every seed."""
    grid = grid_runs(runs)
    best = table(tables, "gap", COLUMNS)
    rows = [grid.iloc[:0]]
    for group in groups(first(grid, MOST, KEYS)[0]):
        mine = group.rows(grid)
        for cell in _cells(mine, group.row(best)):
            rows.append(mine[(mine["lr"] == cell.lr) & (mine["wd"] == cell.wd)])
    return pd.concat(rows)


def _cells(grid: pd.DataFrame, best: "pd.Series | None") -> list[Cell]:
    """The best cell and, at its learning rate, the smallest and the largest wd, unless one of them is it."""
    lr, wd = (np.nan, np.nan) if best is None else (number(best["best_2d_lr"]), number(best["best_2d_wd"]))
    if not np.isfinite([lr, wd]).all():
        lr, wd = best_cell(grid)
    # The table's values are rounded; take the exact ones of the runs.
    lr = _nearest(grid["lr"], lr)
    wds = grid.loc[grid["lr"] == lr, "wd"]
    wd = _nearest(wds, wd)
    extremes = {"smallest λ": float(wds.min()), "largest λ": float(wds.max())}
    others = [Cell(lr, value, role) for role, value in extremes.items() if value != wd]
    return [*others, Cell(lr, wd, "best cell")]


def _nearest(values: pd.Series, value: float) -> float:
    array = values.to_numpy(dtype=float)
    return float(array[np.argmin(np.abs(array - value))])


def _values(chosen: list[Cell]) -> str:
    """Which weight decays are drawn, and whether the best is one of the extremes."""
    roles = {cell.role: compact(cell.wd) for cell in chosen}
    best = f"best λ = {roles['best cell']}"
    if "smallest λ" not in roles:
        best += " (the smallest)"
    if "largest λ" not in roles:
        best += " (the largest)"
    extremes = [f"{role} = {roles[role]}" for role in ("smallest λ", "largest λ") if role in roles]
    return ", ".join([best, *extremes])


def _diverged(grid: pd.DataFrame, cell: Cell) -> set[int]:
    """Seeds of a cell that diverged."""
    mine = grid[(grid["lr"] == cell.lr) & (grid["wd"] == cell.wd)]
    return set(mine.loc[mine["status"] == "diverged", "seed"])


def _draw_cell(places: np.ndarray, history: pd.DataFrame, cell: Cell, measure: str, diverged: set[int]) -> set[str]:
    """Draw a cell's three curves; returns which kinds of marks occurred."""
    rows = history[(history["lr"] == cell.lr) & (history["wd"] == cell.wd)]
    if rows.empty:
        return {"no history"}
    loss, accuracy, weights = places
    kinds = {cell.role}
    for axes, column, factor, style in (
        (loss, "train_loss", 1.0, "-"),
        (accuracy, measure, 100.0, "-"),
        (accuracy, "train_top1", 100.0, DASHED),
        (weights, "weight_rms", 1.0, "-"),
    ):
        if not diverged:
            _mean(axes, rows, column, factor, cell.role, style)
            continue
        # The mean over the remaining seeds would jump where a seed ends, so each seed has its own line.
        kinds.add("ended")
        for seed, line in rows.dropna(subset=[column]).groupby("seed"):
            last = [-1] if seed in diverged and style == "-" else []
            axes.plot(
                line["epoch"], factor * line[column], color=ROLES[cell.role][0], linewidth=0.8,
                linestyle=style, marker="X", markersize=6, markevery=last, zorder=3,
            )  # fmt: skip
    return kinds


def _mean(axes: Axes, rows: pd.DataFrame, column: str, factor: float, role: str, style: Any) -> None:
    """Mean over seeds as a line, with their range (smallest to largest) as a band."""
    measured = rows.dropna(subset=[column])
    by_epoch = factor * measured.groupby("epoch")[column].agg(["mean", "min", "max"]).astype(float)
    epoch = by_epoch.index.to_numpy()
    colour, width = ROLES[role]
    order = 3 if role == "best cell" else 2
    # Points are marked if not every epoch was evaluated, or if there is only one.
    marker = "o" if len(epoch) == 1 or len(epoch) < rows["epoch"].nunique() else None
    axes.plot(
        epoch, by_epoch["mean"], color=colour, linewidth=width, linestyle=style, marker=marker, markersize=4,
        zorder=order,
    )  # fmt: skip
    if style == "-":
        axes.fill_between(
            epoch, by_epoch["min"], by_epoch["max"], color=colour, alpha=0.15, linewidth=0, zorder=order - 0.5
        )


def _label(places: np.ndarray, last: bool) -> None:
    loss, accuracy, weights = places
    for axes, label in (
        (loss, "training loss\n(nats)"),
        (accuracy, "top-1 accuracy\n(%)"),
        (weights, "RMS of\nthe weights"),
    ):
        dress(axes, grid="y")
        axes.set_ylabel(label, size=FONT_SIZE)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
        axes.tick_params(axis="x", labelbottom=last)
        if last:
            axes.set_xlabel("epoch", size=FONT_SIZE)
        if not axes.lines:
            axes.text(0.5, 0.5, "no history yet", transform=axes.transAxes, ha="center", color=GREY, size=FONT_SIZE)
            axes.set_xticks([])
            axes.set_yticks([])
            continue
        axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    values = np.concatenate([np.asarray(line.get_ydata(), dtype=float) for line in loss.lines] or [np.ones(1)])
    values = values[np.isfinite(values) & (values > 0)]
    if values.size and values.max() / values.min() > LOG_FROM:
        log_axis(loss, "y")


def _handles(kinds: set[str], measure: str) -> list[Artist]:
    shown = "validation" if measure == "val_top1" else "test"
    handles: list[Artist] = [
        key(f"{role}, mean and range of seeds", color=colour, linewidth=width)
        for role, (colour, width) in reversed(ROLES.items())
        if role in kinds
    ]
    handles.append(key(f"accuracy: {shown}", color=GREY, linewidth=1.5))
    handles.append(key("accuracy: training", color=GREY, linewidth=1.5, linestyle=DASHED))
    if "ended" in kinds:
        handles.append(key("diverged here (each seed drawn)", marker="X", color=GREY, linestyle="", markersize=7))
    return handles
