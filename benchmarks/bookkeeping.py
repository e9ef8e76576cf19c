"""Measures the time that Snakemake and this pipeline need for planning and collecting, without any training.

Plans (``snakemake -n``) of the paper, of a study with 10,000 cells, and of a single cell of the paper; and the table of
runs from 10,000 artificial records. For each command: wall time, CPU time (an estimate of the wall time on an idle
machine) and peak memory.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from _project import Cost, new_project, read_study, snakemake, timed
from _results import machine, row

from lrwd.study.defaults import with_defaults
from lrwd.study.paths import record_path

REPEATS = 3
PACKAGES = ("snakemake", "pandas")
CELL = "results/runs/cifar100/resnet50_px32/cifar100_paper/lr0.001_wd0.01_seed3.json"
# The values of a record that are read, for one epoch; all epochs are equal.
EPOCH = {"train_loss": 1.5, "weight_rms": 0.02, "grad_norm": 1.0, "lr_t": 1e-3, "wd_t": 0.1, "train_top1": 0.5}
EPOCH |= {"val_top1": 0.5, "val_loss": 1.5, "test_top1": 0.5, "test_loss": 1.5}
NUM_EPOCHS = 20
COLLECT = """
import sys
sys.path.insert(0, "workflow")
import yaml
from lrwd.runs.collect import runs_frame
from lrwd.study.load import load_study
study = load_study(yaml.safe_load(open("extra.yaml")), "benchmark")
frame = runs_frame(study, {}, study.grid_cells)
assert len(frame) == 10_000
frame.to_csv("runs.csv", index=False)
"""


def large_study() -> dict[str, Any]:
    """10,000 cells: five networks, 20 x 20 (lr, wd), 5 seeds."""
    demo = with_defaults({})["studies"]["demo"]
    grid = {"lr": [1e-3 * 1.2**k for k in range(20)], "wd": [0.01 * 1.5**k for k in range(20)]}
    grid = {name: [float(f"{value:.6g}") for value in values] for name, values in grid.items()}
    line = {**demo["on_ratio"], "kappas": []}
    return {"study": "large", "studies": {"large": {**demo, "grid": grid, "seeds": [0, 1, 2, 3, 4], "on_ratio": line}}}


def write_records(folder: Path) -> None:
    """Write a record for every cell of the project's study."""
    study = read_study(folder)
    history = [{"epoch": epoch, **EPOCH} for epoch in range(NUM_EPOCHS)]
    best = {key: history[-1][key] for key in ("epoch", "val_top1", "val_loss", "test_top1", "test_loss")}
    for cell in study.grid_cells:
        record = {
            "version": 1,
            "status": "ok",
            "spec": study.spec(cell),
            "num_classes": 10,
            "steps_per_epoch": 6,
            "train_size": 300,
            "metrics": dict.fromkeys(("final", "best_val", "best_test"), best),
            "history": history,
            "provenance": {"device": "made up", "torch": "made up"},
        }
        path = folder / record_path("results", cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        # In the format of real records: the end of the file shows that a record is complete.
        path.write_text(json.dumps(record, indent=1) + "\n")


def measure(repeats: int, folder: Path) -> dict[str, list[Cost]]:
    """Costs of each task."""
    paper, large = folder / "paper", folder / "large"
    new_project(paper, {"study": "paper"})
    new_project(large, large_study())
    # The check of networks and knobs runs once for each and is not part of the planning.
    snakemake(paper, "-n", "--", CELL)
    snakemake(large, "-n", "--", "prepare")
    write_records(folder / "large")
    tasks: dict[str, Callable[[], Cost]] = {
        "plan of `paper` (4,300 cells), goal 10 s": lambda: snakemake(paper, "-n"),
        "plan of one cell of it, goal 3 s": lambda: snakemake(paper, "-n", "--", CELL),
        "plan of 10,000 cells whose records are there": lambda: snakemake(large, "-n"),
        "table of runs of 10,000 records, goal 10 s": lambda: timed([sys.executable, "-c", COLLECT], large),
    }
    costs: dict[str, list[Cost]] = {}
    for _ in range(repeats):
        for name, task in tasks.items():
            costs.setdefault(name, []).append(task())
    (large / "results" / "runs").rename(large / "away")
    for _ in range(repeats):
        costs.setdefault("plan of 10,000 cells, goal 40 s", []).append(snakemake(large, "-n"))
    return costs


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    with tempfile.TemporaryDirectory() as name:
        costs = measure(repeats, Path(name))
    lines = ["## Planning and collecting", ""]
    lines += [f"Commands of one process. {machine(PACKAGES)} n = {repeats} repeats, in turn.", ""]
    lines += ["| | median | least to most | |", "|---|---|---|---|"]
    for task, found in costs.items():
        lines.append(row(f"**{task}**, s", [cost.wall_sec for cost in found], "measured"))
        lines.append(row("… CPU, s", [cost.cpu_sec for cost in found], "measured"))
        lines.append(row("… peak memory, MB", [cost.peak_mb for cost in found], "measured"))
    return "\n".join(lines)
