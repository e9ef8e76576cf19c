"""The metric that a study selects on, over (lr, wd, seed): accuracy, loss, or a column of a file from elsewhere."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.analysis.surfaces import Group
from lrwd.stats.surface import Floats, Ints

_NAN = float("nan")
_SPLITS = {"val": "validation", "test": "test"}


@dataclass(frozen=True, eq=False)
class Response:
    """Runs of one network as a ragged grid.

    Args:
        name: of the metric, such as ``val_top1`` or ``val_loss``.
        direction: ``max`` if higher is better, else ``min``.
        lr: (L,). wd: NaN-padded; (L, W). seeds: (S,).
        select, report: the metric of each run, on what selects and on what is reported; NaN where missing; (L, W, S).
    """

    name: str
    direction: str
    lr: Floats
    wd: Floats
    seeds: Ints
    select: Floats
    report: Floats

    @property
    def is_accuracy(self) -> bool:
        """Whether the values are fractions of images, which are printed in percent."""
        return self.name.endswith("top1")

    @property
    def scale(self) -> float:
        """Factor from the values to what is printed."""
        return 100.0 if self.is_accuracy else 1.0

    @property
    def unit(self) -> str:
        """Of differences as they are printed: ``pp``, ``nats``, or the metric's own unit."""
        return "pp" if self.is_accuracy else "nats" if self.name.endswith("loss") else f"units of {self.name}"

    @property
    def bounds(self) -> tuple[float, float]:
        """Between which a value must lie."""
        return (0.0, 1.0) if self.is_accuracy else (0.0, np.inf) if self.name.endswith("loss") else (-np.inf, np.inf)


def response_of(group: Group) -> Response | None:
    """The metric of a group's grid runs; None where it has none."""
    runs = group.metric_runs[group.metric_runs["in_grid"]]
    return arranged(runs, "select_metric", "report_metric") if len(runs) else None


def other_response_of(group: Group) -> Response | None:
    """The loss at the end where accuracy selects, and accuracy where a loss does; None where the runs have none."""
    main = response_of(group)
    if main is None or not main.name.endswith(("top1", "loss")):
        return None
    split = main.name.rpartition("_")[0]
    if main.is_accuracy:
        name, direction, columns = f"{split}_loss", "min", (f"{split}_loss_final", "test_loss_final")
    else:
        name, direction, columns = f"{split}_top1", "max", ("select_top1", "report_top1")
    runs = group.metric_runs[group.metric_runs["in_grid"]]
    if any(column not in runs for column in columns):
        return None
    runs = runs[runs[columns[0]].notna()].assign(metric=name, direction=direction)
    return arranged(runs, *columns) if len(runs) else None


def arranged(runs: pd.DataFrame, select: str, report: str) -> Response:
    """Arrange the runs of one group, at least one, by (lr, wd, seed)."""
    lr, row = np.unique(runs["lr"].to_numpy(dtype=float), return_inverse=True)
    seeds, place = np.unique(runs["seed"].to_numpy(dtype=np.int64), return_inverse=True)
    run_wd = runs["wd"].to_numpy(dtype=float)
    axes = [np.unique(run_wd[row == i]) for i in range(len(lr))]
    wd = np.full((len(lr), max(map(len, axes))), _NAN)
    column = np.zeros(len(runs), dtype=np.int64)
    for i, axis in enumerate(axes):
        wd[i, : len(axis)] = axis
        column[row == i] = np.searchsorted(axis, run_wd[row == i])
    values = {}
    for name in (select, report):
        values[name] = np.full((*wd.shape, len(seeds)), _NAN)
        values[name][row, column, place] = runs[name].to_numpy(dtype=float)
    first = runs.iloc[0]
    return Response(str(first["metric"]), str(first["direction"]), lr, wd, seeds, values[select], values[report])


def metric_name(name: object) -> str:
    """A metric in words: ``accuracy``, ``validation loss``, or a column's name as code."""
    split, _, kind = str(name).rpartition("_")
    if kind not in ("top1", "loss"):
        return f"`{name}`"
    kind = "accuracy" if kind == "top1" else "loss"
    return f"{_SPLITS.get(split, split)} {kind}".strip()
