"""Milliseconds per step on a GPU, for one cell and for concurrent cells, and the cost of deterministic algorithms.

The paper's five networks with their original stems at 32x32 and five with stems designed for it, batches of 128,
synthetic pixels of CIFAR-100's shape. Each is trained for some steps with its recipe (augmentation on the GPU, bf16,
without evaluation) in three modes: eager; forward and backward as one CUDA graph (``execution.cuda_graph: true``); and
the same for the compiled network (``compile: true`` in the recipe). Concurrent cells are separate processes, as with
``execution.cells_per_gpu: 4``.
"""

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from _results import machine

from lrwd.data._source import Extent
from lrwd.data._synthetic import make_synthetic
from lrwd.execution import hardware
from lrwd.plan import measure as calibration
from lrwd.plan.measure import Limits, measure_cost
from lrwd.study.defaults import with_defaults
from lrwd.study.load import load_study
from lrwd.train import device as devices
from lrwd.train.cell import Job

REPEATS = 1
PACKAGES = ("torch", "timm")
STUDIES = {"cifar100": "stock stems", "fashion": "stems made for 32x32"}
LIMITS = Limits(max_steps=100, max_sec=5.0, at_once=(2, 4, 8))
SHAPE, EXTENT = (32, 3, 100), Extent("arrays", 50_000, 0, 10_000)
PAPER_STEPS = 200 * 390  # steps of a cell on CIFAR-100
PAPER_CELLS = 1200
EAGER = "eager"
# For each mode: whether the step is a CUDA graph, and whether the network is compiled.
WAYS = {EAGER: (False, False), "graph": (True, False), "compiled, graph": (True, True)}


def specs_of(study_name: str) -> list[dict[str, Any]]:
    """Specs of one cell of each network of a study, with the paper's CIFAR-100 recipe."""
    config = with_defaults({})
    study = load_study({**config, "study": study_name}, "config.yaml")
    paper = load_study({**config, "study": "cifar100"}, "config.yaml")
    recipe = config["recipes"]["cifar100_paper"]
    specs = [study.spec(cell) for cell in study.one_cell_a_group()]
    data = paper.spec(paper.grid_cells[0])["dataset"]
    return [{**spec, "dataset": data, "recipe": {"name": "cifar100_paper", **recipe}} for spec in specs]


def trained_in(way: str, job: Job) -> Job:
    """The job, changed to train in one of the modes."""
    cuda_graph, compile_it = WAYS[way]
    recipe = {**job.spec["recipe"], "compile": compile_it}
    return replace(job, spec={**job.spec, "recipe": recipe}, cuda_graph=cuda_graph)


def step_costs(job: Job, limits: Limits, way: str) -> dict[str, float]:
    """Seconds per step by number of concurrent cells, memory in GB, and ``free``: nondeterministic algorithms."""
    job = trained_in(way, job)
    measured = measure_cost(job, limits)
    found = {**measured["step_sec"], "memory_gb": measured["memory_bytes"] / 1e9}
    if way != EAGER:
        return found
    prepare = devices.prepare_device

    def prepare_freely(threads: int) -> torch.device:
        device = prepare(threads)
        torch.use_deterministic_algorithms(False)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = False, True
        return device

    # Cells are forked from this process, so the changed function applies to them.
    devices.prepare_device = prepare_freely
    try:
        trials = calibration._trials(job, measured["micro_batch"], limits, 1)
    finally:
        devices.prepare_device = prepare
    assert trials is not None
    found["free"] = trials[0].step_sec * measured["batch_size"] / measured["micro_batch"]
    return found


def cells_an_hour(one: dict[str, float]) -> float:
    """Cells of the paper per GPU-hour, with the best number of concurrent cells."""
    return max(3600 * int(key) / (one[key] * PAPER_STEPS) for key in one if key.isdigit())


def line(arch: str, way: str, found: list[dict[str, float]]) -> str:
    """A table row with the medians over the repeats."""

    def median(key: str, factor: float = 1.0) -> str:
        values = [one[key] * factor for one in found if key in one]
        return f"{statistics.median(values):.3g}" if values else "no memory"

    steps = " | ".join(median(str(k), 1e3) for k in (1, *LIMITS.at_once))
    rate = statistics.median(map(cells_an_hour, found))
    cost = f"{statistics.median(one['1'] / one['free'] for one in found):.3g}" if way == EAGER else ""
    return f"| {arch} | {way} | {steps} | {rate:.3g} | {cost} | {median('memory_gb')} |"


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    head = " | ".join(f"{number} at once" for number in (1, *LIMITS.at_once))
    lines = ["## A step on a GPU", "", f"On {hardware.machine()}. {machine(PACKAGES)} n = {repeats} repeats (medians)."]
    for study, what in STUDIES.items():
        lines += ["", f"Milliseconds of a step, {what}:", ""]
        lines += [f"| | | {head} | most cells a GPU-hour | deterministic to any algorithms | GB a cell |"]
        lines += ["|---" * (len(LIMITS.at_once) + 6) + "|"]
        best: dict[str, float] = {}
        for spec in specs_of(study):
            arch = spec["arch"]["name"]
            with tempfile.TemporaryDirectory() as name:
                data = make_synthetic(Path(name, "data"), SHAPE, EXTENT).folder
                job = Job(spec, data, Path(name, "record"), Path(name, "checkpoint"), 1e9, loader_workers=0)
                for way in WAYS:
                    found = [step_costs(job, LIMITS, way) for _ in range(repeats)]
                    lines.append(line(arch, way, found))
                    best[arch] = max(best.get(arch, 0.0), statistics.median(map(cells_an_hour, found)))
        hours = sum(PAPER_CELLS / len(best) / rate for rate in best.values())
        lines += ["", f"{PAPER_CELLS} cells at each network's best: {hours:.3g} GPU-hours (scaled from these steps)."]
    return "\n".join(lines)
