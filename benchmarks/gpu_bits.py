"""Tests whether a cell on a GPU gives identical bits alone, together with other cells, and after a kill and resume.

Every network of the paper, with its original stem at 32x32 and its recipe: 500 steps on synthetic pixels. Compares the
SHA-256 of the final weights of a cell that trains alone, of the same cell together with three others, of one that was
stopped and resumed, and of one whose steps run as a CUDA graph.
"""

import contextlib
import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from _results import machine
from gpu_steps import SHAPE, specs_of

from lrwd.data._source import Extent
from lrwd.data._synthetic import make_synthetic
from lrwd.execution import hardware
from lrwd.train.cell import Interrupted, Job, train_cell

REPEATS = 1
PACKAGES = ("torch", "timm")
NUM_OTHERS = 3
EXTENT = Extent("arrays", 12_800, 0, 512)  # 100 steps of 128
EPOCHS, STOP_AFTER = 5, 130


def train(job: Job, stop_after: int | None = None) -> str:
    """Train a cell and return the hash of its weights, or an empty text if it was stopped."""
    steps = iter(range(10**9))
    with contextlib.suppress(Interrupted):
        # After its first true result, the stop function may be called again, so it stays true.
        train_cell(job, lambda _: None, lambda: stop_after is not None and next(steps) >= stop_after)
        return json.loads(job.record.read_text())["weights_sha256"]
    return ""


def hashes(job: Job, folder: Path, stop_after: int, num_others: int) -> dict[str, str]:
    """Hashes of one cell's weights, trained in four ways, each in separate processes."""

    def place(name: str, seed: int) -> Job:
        return replace(job, spec={**job.spec, "seed": seed}, record=folder / f"{name}.json", checkpoint=folder / name)

    def train_together(jobs: list[Job], stop: int | None = None) -> list[str]:
        with ProcessPoolExecutor(len(jobs), mp_context=get_context("fork")) as pool:
            return list(pool.map(train, jobs, [stop] * len(jobs)))

    found = {"alone": train_together([place("alone", 0)])[0]}
    found["beside others"] = train_together([place(f"packed{seed}", seed) for seed in range(1 + num_others)])[0]
    assert train_together([place("stopped", 0)], stop_after) == [""]
    found["stopped and gone on"] = train_together([place("stopped", 0)])[0]
    found["as a CUDA graph"] = train_together([replace(place("graph", 0), cuda_graph=True)])[0]
    return found


def section(repeats: int) -> str:
    """Measure, and write the section of RESULTS.md."""
    lines = ["## Bits on a GPU", "", f"On {hardware.machine()}. {machine(PACKAGES)} n = {repeats} repeats."]
    lines += ["", f"SHA-256 of the weights after {EPOCHS * 100} steps (first digits):", ""]
    lines += [f"| | alone | beside {NUM_OTHERS} others | stopped and gone on | as a CUDA graph | |"]
    lines += ["|---|---|---|---|---|---|"]
    for spec in specs_of("cifar100"):
        recipe = {**spec["recipe"], "epochs": EPOCHS, "eval_every": EPOCHS}
        recipe["schedule"] = {**recipe["schedule"], "warmup_epochs": 1}
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as name:
                data = make_synthetic(Path(name, "data"), SHAPE, EXTENT).folder
                job = Job({**spec, "recipe": recipe}, data, Path(name), Path(name), 1e9, loader_workers=0)
                found = hashes(job, Path(name), STOP_AFTER, NUM_OTHERS)
            verdict = "the same" if len(set(found.values())) == 1 else "**different**"
            digits = " | ".join(one[:12] for one in found.values())
            lines.append(f"| {spec['arch']['name']} | {digits} | {verdict} |")
    return "\n".join(lines)
