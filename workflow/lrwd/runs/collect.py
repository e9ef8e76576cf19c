"""From records to frames: one row a cell, one row an epoch."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import pandas as pd

from lrwd.errors import RecordError
from lrwd.runs.failed import is_failed
from lrwd.runs.record import read_record
from lrwd.runs.table import typed
from lrwd.study.cell import Cell, Group, Selection
from lrwd.study.paths import record_path
from lrwd.study.study import Study


def runs_frame(study: Study, ratios: Mapping[Group, float | None], cells: Iterable[Cell]) -> pd.DataFrame:
    """One row for every cell: what it is, whether it diverged, its accuracies.

    Args:
        study: where the cells belong.
        ratios: the estimated ratios, for the cells on the line wd = kappa * rho * lr.
        cells: cells whose records exist; those of trainings that failed are left out.

    Returns:
        The columns of results/runs.csv. ``select_top1`` is what the study selects on, ``report_top1`` the test
        accuracy at the same epoch; a diverged training's final accuracy counts as chance, 1 / num_classes. Of a
        sequential study also ``round``, in which a cell of the grid was asked for, and ``num_asked``, the number of
        cells of its network's grid.

    Raises:
        RecordError: a record is torn or of another version.
    """
    on_grid, on_line = set(study.grid_cells), study.on_ratio_cells(ratios)
    in_round = {cell: one.number for one in study.rounds for cell in one.cells}
    num_asked = Counter(cell.group for cell in study.grid_cells)
    rows = []
    for cell in cells:
        path = record_path(study.results, cell)
        if study.sequential and is_failed(path):
            continue
        record = read_record(path)
        kappa, rho = on_line.get(cell, (None, None))
        arch = study.config["architectures"][cell.arch]
        select, report = selected_top1(record, study.part_of(cell).selection)
        metrics = record["metrics"]
        last = record["history"][-1] if record["history"] else None  # None: it could not begin, as its base diverged
        rows.append(
            {
                "dataset": cell.dataset,
                "arch": cell.arch,
                "label": arch["label"],
                "family": arch["kind"],
                "recipe": cell.recipe,
                "lr": cell.lr,
                "wd": cell.wd,
                "seed": cell.seed,
                "in_grid": cell in on_grid,
                "kappa": kappa,
                "rho": rho,
                "status": record["status"],
                "num_classes": record["num_classes"],
                **_setting(record["spec"]["recipe"]),
                "steps_per_epoch": record["steps_per_epoch"],
                "train_size": record["train_size"],
                "select_top1": select,
                "report_top1": report,
                "val_top1_final": _get(metrics["final"], "val_top1"),
                "test_top1_final": _get(metrics["final"], "test_top1"),
                "val_top1_best": _get(metrics["best_val"], "val_top1"),
                "test_top1_best": _get(metrics["best_test"], "test_top1"),
                "test_top1_at_best_val": _get(metrics["best_val"], "test_top1"),
                "best_val_epoch": _get(metrics["best_val"], "epoch"),
                "best_test_epoch": _get(metrics["best_test"], "epoch"),
                "train_loss_final": _get(last, "train_loss"),
                "weight_rms_final": _get(last, "weight_rms"),
                "device": record["provenance"]["device"],
                "torch": record["provenance"]["torch"],
            }
        )
        if study.sequential:
            sequential = cell.group in study.sequential
            rows[-1]["round"] = in_round.get(cell, 0) if sequential and cell in on_grid else None
            rows[-1]["num_asked"] = num_asked[cell.group] if sequential else None
    return typed(pd.DataFrame(rows))


def histories_frame(study: Study, cells: Iterable[Cell]) -> pd.DataFrame:
    """One row for every epoch of the cells: loss, accuracies, learning rate, weight RMS, gradient norm."""
    rows = []
    for cell in cells:
        name = {
            "dataset": cell.dataset,
            "arch": cell.arch,
            "label": study.config["architectures"][cell.arch]["label"],
            "recipe": cell.recipe,
            "lr": cell.lr,
            "wd": cell.wd,
            "seed": cell.seed,
        }
        rows += [name | row for row in read_record(record_path(study.results, cell))["history"]]
    return pd.DataFrame(rows)


def cells_of(runs: pd.DataFrame) -> list[Cell]:
    """The cells that rows of the table of runs belong to."""
    return [Cell(*row) for row in runs[[field.name for field in fields(Cell)]].itertuples(index=False)]


def _setting(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What tells a study's recipes apart, and which trainings had the same budget."""
    return {
        "optimizer": recipe["optimizer"]["name"],
        "schedule": recipe["schedule"]["name"],
        "epochs": recipe["epochs"],
        "batch_size": recipe["batch_size"],
    }


def selected_top1(record: Mapping[str, Any], selection: Selection) -> tuple[float, float]:
    """A record's accuracy that selects, and its test accuracy at that epoch.

    A diverged training ends as a guess, so its final accuracy is chance; its best epoch before it diverged counts as
    the paper's script counts it, if it is above chance.
    """
    chance = 1.0 / record["num_classes"]
    row = record["metrics"]["final" if selection.epoch == "final" else f"best_{selection.split}"]
    if row is None and record["status"] == "diverged":
        return chance, chance
    if row is None or row[f"{selection.split}_top1"] is None:
        raise RecordError(f"the record has no accuracy on {selection.split!r}, on which the study selects")
    select, report = row[f"{selection.split}_top1"], row["test_top1"]
    if record["status"] == "diverged" and select < chance:
        return chance, chance
    return select, report


def _get(row: Mapping[str, Any] | None, key: str) -> Any:
    return None if row is None else row[key]
