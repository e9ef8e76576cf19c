"""Cells per GPU-hour: this pipeline and the reference script on the paper's networks at 32x32, on one GPU.

Synthetic pixels of CIFAR-100's shape, batches of 128. The reference (``reference.py``, run as its author would):
seconds per epoch of training and testing, from two runs of different length, which excludes the start. Ours:
a step in the fastest mode (eager, CUDA graph, compiled) with the best number of concurrent cells, and an evaluation on
the test images after every epoch, as in the reference. A cell has 200 epochs on both sides.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from _project import ROOT, timed
from _results import machine, row
from gpu_steps import EXTENT, LIMITS, PAPER_STEPS, SHAPE, WAYS, specs_of, trained_in

from lrwd.data._synthetic import make_synthetic
from lrwd.execution import hardware
from lrwd.plan.measure import Limits, measure_cost
from lrwd.plan.table import best_at_once
from lrwd.train.cell import Job

REPEATS = 1
PACKAGES = ("torch", "torchvision", "timm")
EPOCHS = 200


def reference_epoch_sec(spec: dict[str, Any], data: Path, folder: Path) -> float:
    """Seconds per epoch of the reference, including its test but not the start."""
    seconds = []
    for epochs in (1, 3):
        recipe = {**spec["recipe"], "epochs": epochs, "schedule": {**spec["recipe"]["schedule"], "warmup_epochs": 0}}
        command = [sys.executable, str(ROOT / "benchmarks" / "reference.py"), "--data", str(data)]
        command += ["--spec", json.dumps({**spec, "recipe": recipe}), "--output", str(folder / "out.json")]
        seconds.append(timed(command, folder).wall_sec)
    return (seconds[1] - seconds[0]) / 2


def our_cell_sec(job: Job, limits: Limits, num_steps: int, num_evaluated: int) -> float:
    """Seconds of the device per cell, in the fastest mode and with the best number of concurrent cells."""
    costs = [best_at_once(measure_cost(trained_in(way, job), limits), num_steps, num_evaluated) for way in WAYS]
    return min(seconds / at_once for at_once, seconds in costs)


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    lines = ["## Cells per GPU-hour", "", f"On {hardware.machine()}. {machine(PACKAGES)} n = {repeats} repeats."]
    lines += ["", "| | median | least to most | |", "|---|---|---|---|"]
    for spec in specs_of("cifar100"):
        rates: dict[str, list[float]] = {"ours": [], "reference": [], "ratio": []}
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as name:
                data = make_synthetic(Path(name, "data"), SHAPE, EXTENT).folder
                job = Job(spec, data, Path(name, "record"), Path(name, "checkpoint"), 1e9, loader_workers=0)
                ours = our_cell_sec(job, LIMITS, PAPER_STEPS, EPOCHS * EXTENT.test)
                reference = EPOCHS * reference_epoch_sec(spec, data, Path(name))
            rates["ours"].append(3600 / ours)
            rates["reference"].append(3600 / reference)
            rates["ratio"].append(reference / ours)
        arch = spec["arch"]["name"]
        lines.append(row(f"{arch}, ours", rates["ours"], "measured in part, scaled to 200 epochs"))
        lines.append(row(f"{arch}, reference", rates["reference"], "measured in part, scaled to 200 epochs"))
        lines.append(row(f"**{arch}, ours to the reference**, goal 10", rates["ratio"], "ratio"))
    return "\n".join(lines)
