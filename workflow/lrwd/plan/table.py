"""Predicts the cost of a study on this machine from a measurement of a few steps of each group."""

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from lrwd.study.cell import Group
from lrwd.study.recipe import base_of
from lrwd.study.study import Study

# Size of a record: fixed part, per epoch, and per gradient norm if they are saved.
RECORD_BYTES, EPOCH_BYTES, NORM_BYTES = 2500, 340, 22
GB = 1e9
SUMMED = ("cells", "hours_of_device", "hours_here", "disk_gb")


def plan_frame(study: Study, calibrations: Mapping[Group, Mapping[str, Any]]) -> pd.DataFrame:
    """Table with one row per (data set, architecture, recipe) and a row with the totals.

    Args:
        study: the study to be trained.
        calibrations: for every group, the result of lrwd.plan.measure.measure_cost plus ``pixels`` ("real" or
            "synthetic") and ``data_bytes`` (size of the prepared data set).

    Returns:
        Cells, steps, seconds, hours, memory and disk, for the number of concurrent cells that is fastest here.
    """
    numbers = num_cells(study)
    rows = [_row(study, group, numbers[group], calibrations[group]) for group in numbers]
    frame = pd.DataFrame(rows)
    data = {group[0]: calibrations[group]["data_bytes"] / GB for group in numbers}
    total = {"dataset": "all", **{name: frame[name].sum() for name in SUMMED}, "data_gb": sum(data.values())}
    total["unit"] = " + ".join(frame["unit"].unique())
    return pd.concat([frame, pd.DataFrame([{name: total.get(name, "") for name in frame}])], ignore_index=True)


def num_cells(study: Study) -> dict[Group, int]:
    """Number of cells of each group, including the groups of base cells.

    On-ratio cells whose ratio is not known yet are counted as if none of them were grid cells. A sequential study is
    counted with its whole budget, which it may not need.
    """
    numbers = Counter(cell.group for cell in study.with_bases(study.cells({})))
    for part in study.parts:
        for group in part.groups():
            if part.sequential:
                later = part.sequential.most_cells(len(part.lrs)) - part.sequential.first_cells(len(part.lrs))
                numbers[group] += later
                if base := base_of(study.config["recipes"][group[2]]):
                    numbers[(group[0], group[1], base)] += later
            if part.ratio is None:
                on_line = len(part.kappas) * len(part.lrs) * len(part.seeds)
                numbers[group] += on_line
                if base := base_of(study.config["recipes"][group[2]]):
                    numbers[(group[0], group[1], base)] += on_line
    return dict(numbers)


def _row(study: Study, group: Group, number: int, measured: Mapping[str, Any]) -> dict[str, Any]:
    recipe = study.config["recipes"][group[2]]
    epochs, batch_size = recipe["epochs"], measured["batch_size"]
    steps = epochs * (measured["train_size"] // batch_size)
    evaluated = math.ceil(epochs / recipe["eval_every"]) * measured["eval_size"]
    at_once, cell_sec = best_at_once(measured, steps, evaluated)
    on_gpu = measured["on_gpu"]
    hours_here = number * cell_sec / at_once / 3600
    norms = steps if recipe["gradient_trace"] else 0
    record_bytes = RECORD_BYTES + EPOCH_BYTES * epochs + NORM_BYTES * norms
    return {
        "dataset": group[0],
        "arch": group[1],
        "recipe": group[2],
        "cells": number,
        "steps_per_cell": steps,
        "sec_per_step": measured["step_sec"][str(at_once)],
        "sec_per_cell": cell_sec,
        "at_once": at_once,
        # Concurrent cells have one core each on the CPU, but share one GPU.
        "hours_of_device": hours_here if on_gpu else hours_here * at_once,
        "unit": "GPU-hours" if on_gpu else "core-hours",
        "hours_here": hours_here,
        "memory_gb": measured["memory_bytes"] / GB,
        "disk_gb": (number * record_bytes + at_once * measured["checkpoint_bytes"]) / GB,
        "data_gb": measured["data_bytes"] / GB,
        "params": measured["num_params"],
        "batch_size": batch_size,
        "micro_batch": measured["micro_batch"],
        "pixels": measured["pixels"],
        "device": measured["device"],
    }


def best_at_once(measured: Mapping[str, Any], steps: int, evaluated: int) -> tuple[int, float]:
    """The number of concurrent cells that trains most cells per hour, and the time that each cell then takes.

    Args:
        measured: measurement of a group; ``step_sec`` maps the number of concurrent cells to seconds.
        steps: steps of a cell.
        evaluated: number of images of all evaluations of a cell together.

    Returns:
        Number of concurrent cells, and seconds per cell. Evaluation is assumed to slow down by the same factor as the
        steps.
    """
    alone = measured["step_sec"]["1"]
    seconds = {
        int(number): measured["start_sec"] + steps * step + evaluated * measured["eval_image_sec"] * step / alone
        for number, step in measured["step_sec"].items()
    }
    best = min(seconds, key=lambda number: (seconds[number] / number, number))
    return best, seconds[best]
