"""Cells per minute on a CPU: this pipeline and the reference script on the demo's networks.

Both sides train the demo's five networks on the demo's images, for the same number of steps of the same batch size:

* ours: ``snakemake --profile profiles/local -- train``, from Snakemake's start to its end;
* the reference as its author runs it: five concurrent trainings, each in its own interpreter with four loader
  processes and torch's default number of threads, tested after every epoch;
* the reference in its fastest form on this machine: one training per core, one thread each, no loader processes,
  tested as rarely as ours.

The start time of an additional cell is measured for one cell at a time: the wall time of the rule's command minus the
training time in the cell's record.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _project import ROOT, new_project, read_study, snakemake, timed
from _results import machine, row

from lrwd.study.defaults import with_defaults
from lrwd.study.study import Study

REPEATS = 3
NUM_SEEDS = (
    30  # of ours, for each network: a quarter of the demo, so that Snakemake's own start weighs four times as much
)
NUM_AUTHOR, NUM_BEST = 1, 2  # seeds of the reference, for each network
AT_ONCE = 5  # number of trainings that the paper's shell loop starts at once
NUM_WARM, NUM_COLD = 20, 3
PACKAGES = ("torch", "torchvision", "timm", "snakemake")
CORES = os.cpu_count() or 1


def bench_study(num_seeds: int) -> dict[str, Any]:
    """The five networks for digits with the recipe `short`, at one grid point with many seeds."""
    study = {
        "title": "Benchmark",
        "datasets": ["digits"],
        "architectures": ["resnet_digits", "vit_digits", "convnext_digits", "mixer_digits", "swin_digits"],
        "recipes": ["short"],
        "grid": {"lr": [0.01], "wd": [1]},
        "seeds": list(range(num_seeds)),
        "selection": {"split": "val", "epoch": "final"},
        "on_ratio": {"ratio": "estimated", "kappas": []},
    }
    return {"study": "bench", "studies": {"bench": study}}


def ours(folder: Path, num_seeds: int) -> dict[str, float]:
    """Train with Snakemake and return measurements of the whole run."""
    new_project(folder, bench_study(num_seeds))
    snakemake(folder, "--", "prepare")
    cost = snakemake(folder, "--", "train")
    records = [json.loads(path.read_text()) for path in (folder / "results" / "runs").rglob("*.json")]
    pure = sum(record["run"]["seconds"] for record in records)
    return {
        "ours": 60 * len(records) / cost.wall_sec,
        "overhead": cost.wall_sec / (pure / CORES),
        "ours_sec": pure / len(records),
        "ours_top1": statistics.mean(record["metrics"]["final"]["test_top1"] for record in records),
    }


def reference(
    folder: Path, study: Study, num_seeds: int, at_once: int, options: Sequence[str], **environment: str
) -> tuple[float, float]:
    """Train some seeds of each network with the reference script.

    Returns:
        Cells per minute, and their mean test accuracy.
    """
    cells = [cell for cell in study.grid_cells if cell.seed < num_seeds]
    outputs = [folder / f"reference_{number}.json" for number in range(len(cells))]

    def train(number: int) -> None:
        spec = json.dumps(study.spec(cells[number]))
        command = [sys.executable, str(ROOT / "benchmarks" / "reference.py"), "--spec", spec]
        command += ["--data", str(folder / "results" / "data" / cells[number].dataset)]
        place = folder / "reference" / str(number)
        place.mkdir(parents=True, exist_ok=True)
        timed([*command, "--output", str(outputs[number]), *options], place, **environment)

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(train, range(len(cells))))
    rate = 60 * len(cells) / (time.perf_counter() - started)
    return rate, statistics.mean(json.loads(path.read_text())["final_acc"] / 100 for path in outputs)


def starts(folder: Path, study: Study) -> dict[str, list[float]]:
    """Seconds that a cell takes in addition to its training, forked from the warm process and in a new interpreter."""
    # The cells' owner, in place of Snakemake; the warm process exits with it.
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    found: dict[str, list[float]] = {"warm": [], "cold": []}
    cell = study.grid_cells[0]
    try:
        for number in range(NUM_WARM + NUM_COLD + 1):
            warm = number <= NUM_WARM
            record = folder / "starts" / f"{number}.json"
            job = {
                "spec": study.spec(cell),
                "data": f"results/data/{cell.dataset}",
                "record": str(record),
                "checkpoint": f"{record}.ckpt",
                "checkpoint_sec": 1e9,
                "loader_workers": 0,
            }
            request = {"job": job, "log": f"{record}.log", "processes": 1, "server": "warm" if warm else None}
            request |= {"pool": None, "keep_failure": False}
            command = [sys.executable, "-S", "-E", "workflow/scripts/train.py", "--job", json.dumps(request)]
            cost = timed(command, folder, LRWD_OWNER=str(owner.pid))
            if number:  # the first request also starts the warm process
                beyond = cost.wall_sec - json.loads(record.read_text())["run"]["seconds"]
                found["warm" if warm else "cold"].append(beyond)
    finally:
        owner.kill()
        owner.wait()
    return found


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    found: dict[str, list[float]] = {}
    every = with_defaults({})["recipes"]["short"]["eval_every"]
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "project")
            measured = ours(folder, NUM_SEEDS)
            study = read_study(folder)
            as_author = reference(folder, study, NUM_AUTHOR, AT_ONCE, [])
            options = ["--workers", "0", "--eval-every", str(every)]
            at_best = reference(folder, study, NUM_BEST, CORES, options, OMP_NUM_THREADS="1")
            measured |= {"author": as_author[0], "best": at_best[0], "reference_top1": at_best[1]}
            measured |= {"to_author": measured["ours"] / as_author[0], "to_best": measured["ours"] / at_best[0]}
            for key, value in measured.items():
                found.setdefault(key, []).append(value)
            if repeat == repeats - 1:
                found |= starts(folder, study)
    return "\n".join(
        [
            "## Cells per minute on a CPU",
            "",
            f"Networks for digits with the recipe `short` (20 epochs of 6 steps). Ours: {5 * NUM_SEEDS} cells under "
            f"`snakemake --profile profiles/local`, {CORES} at once, from its start to its end. The reference "
            f"(`reference.py`): {5 * NUM_AUTHOR} and {5 * NUM_BEST} cells, by itself. {machine(PACKAGES)} "
            f"n = {repeats} repeats, the three sides in turn.",
            "",
            "| | median | least to most | |",
            "|---|---|---|---|",
            row("**ours, cells a minute**", found["ours"], "measured"),
            row(
                f"reference as its author runs it ({AT_ONCE} at once, 4 loader processes each), cells a minute",
                found["author"],
                "measured",
            ),
            row(
                f"reference at its best here ({CORES} at once, no loader processes, tested every {every} epochs), "
                "cells a minute",
                found["best"],
                "measured",
            ),
            row("**ours to the reference as its author runs it**", found["to_author"], "ratio"),
            row("ours to the reference at its best", found["to_best"], "ratio"),
            row(f"ours: wall time to training time over {CORES} cores", found["overhead"], "ratio"),
            row("ours: seconds of training a cell", found["ours_sec"], "measured"),
            row("ours: mean test accuracy at the end", found["ours_top1"], "measured"),
            row("reference: mean test accuracy at the end", found["reference_top1"], "measured"),
            "",
            f"The start of a further cell, beyond its training (n = {NUM_WARM} warm, {NUM_COLD} cold, one at a time):",
            "",
            "| | median, s | least to most, s | |",
            "|---|---|---|---|",
            row("forked from the warm process", found["warm"], "measured"),
            row("a fresh interpreter", found["cold"], "measured"),
        ]
    )
