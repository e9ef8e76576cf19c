"""Sequential studies of a few networks, and records with a ridge of known slope in place of their trainings."""

import math
from typing import Any

import numpy as np

from lrwd.atomic import write_json_atomic
from lrwd.design.rounds import choose_round
from lrwd.runs.record import RECORD_VERSION
from lrwd.seeds import derive
from lrwd.study.cell import Cell
from lrwd.study.paths import record_path
from lrwd.study.study import Study

KNOBS = {"wd_start": 3, "wd_limits": [0.01, 1000], "batch": 12, "cells": 90, "rounds": 6, "half_width": 0.3}
LRS = [0.002, 0.005, 0.01, 0.02, 0.05]


def entry(**knobs: Any) -> dict[str, Any]:
    """An entry of ``studies``; changes are of the key ``sequential``."""
    return {
        "title": "Chooses its own cells",
        "datasets": ["digits"],
        "architectures": ["resnet_digits", "mixer_digits"],
        "recipes": ["short"],
        "grid": {"lr": LRS, "sequential": {**KNOBS, **knobs}},
        "seeds": [0, 1, 2, 7],
        "selection": {"split": "val", "epoch": "final"},
        "on_ratio": {"ratio": "estimated", "kappas": []},
    }


def configuration(**changes: Any) -> dict[str, Any]:
    """The user's keys that make such a study the configured one; changes are of its entry."""
    return {"study": "mine", "studies": {"mine": {**entry(), **changes}}}


def write_record(study: Study, cell: Cell, slope: float = -1.0) -> None:
    """Write the record that a training would leave whose best wd follows lr**slope."""
    away = math.log(cell.wd / 5) - slope * math.log(cell.lr / 0.01)
    noise = np.random.default_rng(derive(cell.seed, *map(str, cell.group), str(cell.lr), str(cell.wd)))
    top1 = 0.9 - 0.015 * min(away**2, 12.0) + 0.004 * float(noise.standard_normal())
    row = {"epoch": 19, "train_loss": 1.0, "weight_rms": 0.03, "val_top1": top1, "test_top1": top1}
    row |= {"val_loss": 0.5, "test_loss": 0.5}
    record = {
        "version": RECORD_VERSION,
        "status": "ok",
        "spec": study.spec(cell),
        "code": "a hash",
        "num_classes": 10,
        "steps_per_epoch": 6,
        "train_size": 300,
        "metrics": {"final": row, "best_val": row, "best_test": row},
        "history": [row],
        "provenance": {"device": "a CPU", "torch": "2.15"},
    }
    write_json_atomic(record_path(study.results, cell), record)


def train(study: Study, slope: float = -1.0) -> None:
    """Write the records of all cells known by now that have none."""
    for cell in study.grid_cells:
        try:
            open(record_path(study.results, cell)).close()
        except FileNotFoundError:
            write_record(study, cell, slope)


def next_of(study: Study) -> Study:
    """Train what is known, choose the next round, write its file, and return the study that knows it."""
    train(study)
    chosen = choose_round(study)
    write_json_atomic(study.rounds_pattern.format(round=chosen.number), chosen.to_json())
    return study.at((*study.rounds, chosen))
