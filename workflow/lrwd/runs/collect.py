"""From records to frames: one row a cell, one row an epoch."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from lrwd.code_hash import training_code
from lrwd.errors import RecordError
from lrwd.runs.failed import is_failed
from lrwd.runs.record import looks_whole, read_record
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
        accuracy at the same epoch; a diverged training's final accuracy counts as chance, 1 / num_classes. If a
        recipe asks for bf16, also ``computed_in``: fp32 for cells whose device has no bf16, such as a CPU. Of a
        sequential study also ``round``, in which a cell of the grid was asked for, and ``num_asked``, the number of
        cells of its network's grid.

    Raises:
        RecordError: a record is torn, of another version, or that of another training than its path says.
    """
    on_grid, on_line = set(study.grid_cells), study.on_ratio_cells(ratios)
    in_round = {cell: one.number for one in study.rounds for cell in one.cells}
    num_asked = Counter(cell.group for cell in study.grid_cells)
    rows = []
    for cell in cells:
        if study.sequential and is_failed(record_path(study.results, cell)):
            continue
        record = _record_of(study, cell)
        kappa, rho = on_line.get(cell, (None, None))
        arch = study.config["architectures"][cell.arch]
        selection = study.part_of(cell).selection
        select, report = selected_top1(record, selection)
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
                "metric": selection.metric,
                "direction": selection.direction,
                **dict(zip(("select_metric", "report_metric"), selected_metric(record, selection), strict=True)),
                "val_loss_final": _get(metrics["final"], "val_loss"),
                "test_loss_final": _get(metrics["final"], "test_loss"),
            }
        )
        if record["spec"]["recipe"].get("precision") == "bf16":
            rows[-1]["computed_in"] = "fp32" if record["provenance"]["autocast"] == "none" else "bf16"
        if study.sequential:
            sequential = cell.group in study.sequential
            rows[-1]["round"] = in_round.get(cell, 0) if sequential and cell in on_grid else None
            rows[-1]["num_asked"] = num_asked[cell.group] if sequential else None
    return typed(pd.DataFrame(rows))


def _record_of(study: Study, cell: Cell) -> dict[str, Any]:
    """A cell's record, which must be that of the cell's spec: a path names a recipe, not what the recipe says."""
    path = record_path(study.results, cell)
    record = read_record(path)
    if difference := first_difference(record["spec"], study.spec(cell)):
        raise RecordError(
            f"{path}: is the record of another training: {difference}. Delete it and start again; its cell is then "
            f"trained anew"
        )
    return record


def first_difference(found: Any, wanted: Any, where: str = "") -> str:
    """The first key at which a record's spec is not what its cell asks for, in words; empty if they are equal."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for key in dict.fromkeys([*wanted, *found]):
            place = f"{where}.{key}" if where else key
            if key not in found or key not in wanted:
                return f"{place} is {'missing' if key not in found else 'not a key of its cell'}"
            if difference := first_difference(found[key], wanted[key], place):
                return difference
        return ""
    return "" if found == wanted else f"{where} is {found!r} there and {wanted!r} here"


def is_trained(study: Study, cell: Cell) -> bool:
    """Whether a cell has a whole record of its own spec, and not that of a failure."""
    path = record_path(study.results, cell)
    return (
        looks_whole(path) and not is_failed(path) and not first_difference(read_record(path)["spec"], study.spec(cell))
    )


def trained_by_other_code(study: Study, cells: Iterable[Cell]) -> list[str]:
    """Paths of the records, of those that exist, whose cells this code would train again."""
    found = []
    for cell in cells:
        path = record_path(study.results, cell)
        if (
            Path(path).exists()
            and not is_failed(path)
            and read_record(path).get("code") != training_code(study.spec(cell))
        ):
            found.append(path)
    return found


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
    """What a study's recipes may differ in, and what a training's budget depends on."""
    return {
        "optimizer": recipe["optimizer"]["name"],
        "schedule": recipe["schedule"]["name"],
        "epochs": recipe["epochs"],
        "batch_size": recipe["batch_size"],
    }


def selected_top1(record: Mapping[str, Any], selection: Selection) -> tuple[float, float]:
    """A record's accuracy that selects, and its test accuracy at that epoch.

    The final accuracy of a diverged training is chance. Its best epoch before it diverged counts, as in the paper's
    script, if it is above chance.
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


def selected_metric(record: Mapping[str, Any], selection: Selection) -> tuple[float, float]:
    """A record's value of the metric that selects, and that of the test images at the same epoch.

    Accuracies as in ``selected_top1``. A loss that is not finite, or that of a diverged training's end, is that of a
    guess, ln(num_classes).

    Raises:
        RecordError: the record has no such value.
    """
    if selection.quantity == "top1":
        return selected_top1(record, selection)
    guess = math.log(record["num_classes"])
    row = record["metrics"]["final"]
    if selection.epoch == "best":
        rows = [row for row in record["history"] if row.get(selection.metric) is not None]
        # The first of equals: the earliest epoch.
        row = min(rows, key=lambda row: row[selection.metric]) if rows else None
    if row is None and record["status"] == "diverged":
        return guess, guess
    if row is None or row[f"{selection.split}_top1"] is None:
        raise RecordError(f"the record has no loss on {selection.split!r}, on which the study selects")
    select, report = row[selection.metric], row["test_loss"]
    if record["status"] == "diverged" and (select is None or select > guess):
        return guess, guess
    return (guess if select is None else select), (guess if report is None else report)


def _get(row: Mapping[str, Any] | None, key: str) -> Any:
    return None if row is None else row[key]
