"""Where the cells of a (lr, wd) grid lie in a panel, also when wd differs from lr to lr or is zero."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.figures._metric import ACCURACY, Metric
from lrwd.figures._text import compact

# A random search: more learning rates than this, with fewer weight decays each (on the median) than that.
MANY_LRS, FEW_WDS = 12, 3
# Gap between the row of wd = 0 and the other rows, in heights of a row.
BREAK = 0.35


def is_cloud(rows: pd.DataFrame) -> bool:
    """Whether a group's runs are those of a random search: nearly every run has a learning rate of its own."""
    num_wds = rows.groupby("lr")["wd"].nunique()
    return len(num_wds) > MANY_LRS and bool(num_wds.median() < FEW_WDS)


def mean_merit(rows: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Mean reported ``merit`` of each cell (more is better), with its numbers of seeds and of diverged ones."""
    rows = rows.assign(diverged=rows["status"] == "diverged", merit=metric.merit(rows["report_metric"]))
    return rows.groupby(["lr", "wd"], as_index=False).agg(
        merit=("merit", "mean"), num_seeds=("seed", "size"), num_diverged=("diverged", "sum")
    )


def drops(rows: pd.DataFrame, metric: Metric = ACCURACY) -> pd.DataFrame:
    """Mean of what selects, by cell, as ``drop``: how much worse it is than the best of its lr, 0 or below.

    In a cloud, in which no learning rate has several cells, than the best of all.
    """
    value = "select_top1" if metric is ACCURACY else "select_metric"
    means = rows.groupby(["lr", "wd"], as_index=False)[value].mean()
    merit = metric.merit(means[value])
    means["drop"] = merit - (merit.max() if is_cloud(rows) else merit.groupby(means["lr"]).transform("max"))
    return means


@dataclass(frozen=True)
class Layout:
    """Places of a grid's cells: columns are learning rates; rows are steps of wd, or ln wd if they differ.

    Attributes:
        lrs: learning rates, ascending (L,).
        wds: for each learning rate, its expected weight decays, ascending.
        common: whether all learning rates share one axis of weight decays.
    """

    lrs: tuple[float, ...]
    wds: tuple[tuple[float, ...], ...]
    common: bool

    @property
    def levels(self) -> tuple[float, ...]:
        """All weight decays but zero, ascending."""
        return tuple(sorted({wd for row in self.wds for wd in row if wd > 0}))

    @property
    def has_zero(self) -> bool:
        return any(wd == 0 for row in self.wds for wd in row)

    @property
    def num_levels(self) -> int:
        """Rows that need a height of their own."""
        most = max(sum(wd > 0 for wd in row) for row in self.wds)
        return (len(self.levels) if self.common else int(1.3 * most)) + self.has_zero

    def x(self, lr: float) -> float:
        """Horizontal place of a learning rate."""
        return float(np.argmin(np.abs(np.log(np.array(self.lrs) / lr))))

    def y(self, wd: float) -> float:
        """Vertical place of a weight decay."""
        if wd <= 0 or not self.levels:
            return self._zero()
        if self.common:
            return float(np.argmin(np.abs(np.log(np.array(self.levels) / wd))))
        return float(np.log10(wd))

    def boxes(self) -> Iterator[tuple[float, float, float, float, float, float]]:
        """Every expected cell as (lr, wd, left, bottom, width, height)."""
        for column, (lr, row) in enumerate(zip(self.lrs, self.wds, strict=True)):
            bounds = self._bounds(row)
            for wd in row:
                bottom, top = bounds[wd]
                yield lr, wd, column - 0.5, bottom, 1.0, top - bottom

    def box(self, lr: float, wd: float) -> tuple[float, float, float, float]:
        """Left, bottom, width and height of one cell."""
        column = int(self.x(lr))
        bounds = self._bounds(self.wds[column])
        nearest = min(bounds, key=lambda other: abs(self.y(other) - self.y(wd)))
        return column - 0.5, bounds[nearest][0], 1.0, bounds[nearest][1] - bounds[nearest][0]

    def limits(self) -> tuple[float, float]:
        """Vertical limits of the panel."""
        bounds = [self._bounds(row) for row in self.wds]
        return min(low for row in bounds for low, _ in row.values()), max(
            high for row in bounds for _, high in row.values()
        )

    def ticks(self) -> list[tuple[float, str]]:
        """Vertical tick places and labels: each wd if shared, else decades; and zero."""
        zero = [(self._zero(), "0")] if self.has_zero else []
        if self.common or not self.levels:
            return zero + [(self.y(wd), compact(wd)) for wd in self.levels]
        low, high = np.log10(self.levels[0]), np.log10(self.levels[-1])
        powers = np.arange(np.ceil(low - self._step() / 2), np.floor(high + self._step() / 2) + 1)
        powers = powers[:: max(1, len(powers) // 8)]
        return zero + [(float(power), compact(float(f"1e{power:.0f}"))) for power in powers]

    def _step(self) -> float:
        """Height of a row: 1, or the usual distance of neighbouring log10 wd."""
        if self.common:
            return 1.0
        gaps = [np.diff(np.log10([wd for wd in row if wd > 0])) for row in self.wds]
        together = np.concatenate(gaps)
        return float(np.median(together)) if together.size else 0.5

    def _zero(self) -> float:
        if not self.levels:
            return 0.0
        lowest = 0.0 if self.common else float(np.log10(self.levels[0]))
        return lowest - self._step() * (1 + BREAK)

    def _bounds(self, row: tuple[float, ...]) -> dict[float, tuple[float, float]]:
        """Lower and upper edge of each cell of a column: halfway to its neighbours."""
        half = self._step() / 2
        result = {0.0: (self._zero() - half, self._zero() + half)} if 0.0 in row else {}
        positive = [wd for wd in row if wd > 0]
        places = [self.y(wd) for wd in positive]
        if places:
            middles = [(low + high) / 2 for low, high in itertools.pairwise(places)]
            edges = [places[0] - half, *middles, places[-1] + half]
            result |= dict(zip(positive, itertools.pairwise(edges), strict=True))
        return result


def layout_of(rows: pd.DataFrame) -> Layout:
    """Layout for the grid cells of a block: a cell that any of its groups has is expected of all of them.

    Weight decays are one common axis unless most differ between learning rates (grids given as ratios
    wd/lr or as time scales); the common axis also shows cells that no group has trained yet.
    """
    cells = rows[["lr", "wd"]].drop_duplicates()
    lrs = tuple(sorted(float(lr) for lr in cells["lr"].unique()))
    each = [tuple(sorted(float(wd) for wd in cells.loc[cells["lr"] == lr, "wd"])) for lr in lrs]
    union = tuple(sorted({wd for row in each for wd in row}))
    common = len(union) <= 1.5 * max(len(row) for row in each)
    return Layout(lrs, tuple(union if common else row for row in each), common)
