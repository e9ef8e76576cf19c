"""Measures what a cell of a group costs on this machine, by training one for a few steps and stopping it."""

import contextlib
import multiprocessing
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import islice, pairwise
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

import torch

from lrwd.atomic import write_json_atomic
from lrwd.plan.memory_use import free_bytes, peak_bytes
from lrwd.runs.record import RECORD_VERSION
from lrwd.study.recipe import SCRATCH
from lrwd.train import device as devices
from lrwd.train.batches import eval_batches
from lrwd.train.build import Built, build_cell
from lrwd.train.cell import Interrupted, Job, train_cell
from lrwd.train.evaluate import evaluate

# The first step allocates memory and chooses kernels.
WARM_UP_STEPS = 1
# A smaller batch stands for the whole one where that would take too long or too much memory; each is this much larger.
GROWTH = 4
# Of the memory that is free, so much may be asked for.
MEMORY_SHARE = 0.8
BARRIER_SEC = 600.0
# Between two looks at the clock a GPU does as many steps as take so long, but no more than so many.
AHEAD_SEC, MOST_AHEAD = 0.1, 10


@dataclass(frozen=True)
class Limits:
    """How long a group may be measured.

    Args:
        max_steps: timed steps of a cell.
        max_sec: seconds in which they should be done; at least one is timed, however long it takes.
        at_once: numbers of cells that are trained beside each other, ascending.
    """

    max_steps: int
    max_sec: float
    at_once: tuple[int, ...]


@dataclass(frozen=True)
class Trial:
    """What one cell cost, trained for a few steps.

    Args:
        step_sec: median seconds of a step.
        start_sec: seconds from the start to the end of the first step, beyond a step.
        eval_image_sec: seconds of evaluation an image.
        memory_bytes: peak memory: allocated on the GPU, or resident on the CPU.
        free_bytes: memory of the device that was free for it before.
        checkpoint_bytes: size of its checkpoint; 0 where the training ended before it was stopped.
        train_size: images that it trains on.
        eval_size: images of an evaluation, validation and test together.
        num_params: trained parameters.
        device: what it ran on.
        on_gpu: whether that is a GPU.
    """

    step_sec: float
    start_sec: float
    eval_image_sec: float
    memory_bytes: int
    free_bytes: int
    checkpoint_bytes: int
    train_size: int
    eval_size: int
    num_params: int
    device: str
    on_gpu: bool


def measure_cost(job: Job, limits: Limits) -> dict[str, Any]:
    """Measure a cell.

    Args:
        job: a cell of the group; what it leaves goes elsewhere, and is removed.
        limits: how long this may take.

    Returns:
        Plain values: device, batch size and the part of it that was trained at once, steps, memory, and for each number
        of cells beside each other the seconds of a step.

    Raises:
        RuntimeError: a cell cannot be trained; with its traceback.
    """
    # Random weights cost the same as those that it starts from, which may not be there yet; and nothing is kept.
    recipe = {**job.spec["recipe"], "start_from": SCRATCH, "save_weights": False}
    job = replace(job, spec={**job.spec, "recipe": recipe})
    batch_size = recipe["batch_size"]
    micro_batch, trial = _largest_batch(job, limits)
    steps = {1: trial.step_sec}
    for number in limits.at_once:
        if number > 1 and number * trial.memory_bytes <= MEMORY_SHARE * trial.free_bytes:
            trials = _trials(job, micro_batch, limits, number)
            if trials is None:
                break
            steps[number] = statistics.mean(other.step_sec for other in trials)
    scale = batch_size / micro_batch
    return {
        **{key: value for key, value in asdict(trial).items() if key not in ("step_sec", "free_bytes")},
        "batch_size": batch_size,
        "micro_batch": micro_batch,
        "step_sec": {str(number): seconds * scale for number, seconds in steps.items()},
    }


def _largest_batch(job: Job, limits: Limits) -> tuple[int, Trial]:
    """The largest batch, up to the recipe's, that is trained within the limits, and what a cell costs with it."""
    batch_size = job.spec["recipe"]["batch_size"]
    sizes = [batch_size]
    while sizes[0] // GROWTH >= GROWTH:
        sizes.insert(0, sizes[0] // GROWTH)
    measured: tuple[int, Trial] | None = None
    while sizes:
        if measured:
            # Straight to the whole batch if that fits, else the next.
            fitting = [size for size in (sizes[-1], sizes[0]) if _fits(size / measured[0], measured[1], limits)]
            if not fitting:
                break
            sizes = sizes[sizes.index(fitting[0]) :]
        size = sizes.pop(0)
        trials = _trials(job, size, limits, 1)
        if trials is None:
            break
        measured = size, trials[0]
    if measured is None:
        raise RuntimeError("memory is short even for the smallest batch")
    return measured


def _fits(factor: float, trial: Trial, limits: Limits) -> bool:
    """Whether a batch so many times larger would be done in time and in memory, both taken as proportional to it."""
    in_time = factor * trial.step_sec * (WARM_UP_STEPS + 1) <= limits.max_sec
    return in_time and factor * trial.memory_bytes <= MEMORY_SHARE * trial.free_bytes


def _trials(job: Job, batch_size: int, limits: Limits, number: int) -> list[Trial] | None:
    """Train so many cells beside each other, each in a process of its own; None if memory did not suffice."""
    # A process that has touched no GPU can be forked, which spares its children the imports.
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    barrier = context.Barrier(number)
    with tempfile.TemporaryDirectory() as folder:
        processes, ends = [], []
        for child in range(number):
            place = Path(folder, str(child))
            one = replace(job, record=place / "record.json", checkpoint=place / "checkpoint")
            end, other_end = context.Pipe(duplex=False)
            process = context.Process(target=_measure, args=(one, batch_size, limits, barrier, other_end))
            process.start()
            other_end.close()
            processes.append(process)
            ends.append(end)
        answers = _answers(ends, barrier)
        for process in processes:
            process.join()
    for answer in answers:
        if isinstance(answer, str):
            raise RuntimeError(answer)
    return None if None in answers else answers


def _answers(ends: list[Connection], barrier: Any) -> list[Any]:
    """Of each child, as they come, its Trial, its traceback, or None if memory was short for it or another."""
    answers, waiting = [], list(ends)
    while waiting:
        for end in wait(waiting):
            assert isinstance(end, Connection)
            waiting.remove(end)
            try:
                answers.append(end.recv())
            except EOFError:  # killed, as happens where memory is short
                answers.append(None)
            if not isinstance(answers[-1], Trial):
                barrier.abort()  # the others need not wait for it
    return answers


def _measure(job: Job, batch_size: int, limits: Limits, barrier: Any, end: Connection) -> None:
    """The life of a child: train for some steps, evaluate two batches, tell what that took."""
    try:
        end.send(_trial(job, batch_size, limits, barrier))
    except (torch.OutOfMemoryError, BrokenBarrierError):
        end.send(None)
    except BaseException:
        end.send(traceback.format_exc())


def _trial(job: Job, batch_size: int, limits: Limits, barrier: Any) -> Trial:
    part = replace(job, spec={**job.spec, "recipe": _smaller(job.spec["recipe"], batch_size)})
    if "base" in job.spec["recipe"]["schedule"]:
        part = _with_base(part)
    started, free = time.perf_counter(), free_bytes()
    ready: list[float] = []
    num_steps = next_look = 0
    looks: list[tuple[int, float]] = []  # steps that were done, and when

    def stop() -> bool:
        """Asked after every step; stays true once it is."""
        nonlocal num_steps, next_look
        if len(looks) > 1:
            (first_step, first), (last_step, last) = looks[0], looks[-1]
            if last_step - first_step >= limits.max_steps or last - first > limits.max_sec:
                return True
        num_steps += 1
        if num_steps < next_look:
            return False
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        if not ready:
            ready.append(time.perf_counter())
            barrier.wait(BARRIER_SEC)
        looks.append((num_steps, time.perf_counter()))
        if torch.cuda.is_available() and len(looks) > 1:
            # Steps are asked for ahead of a GPU; to wait for each would make it wait in turn.
            next_look = num_steps + min(MOST_AHEAD, int(AHEAD_SEC / _step_secs(looks)[-1]))
        return False

    # What is asked of the real training, so that nothing it does is left out.
    with contextlib.suppress(Interrupted):
        train_cell(part, lambda _: None, stop)
    step_sec = statistics.median(_step_secs(looks))
    memory = peak_bytes()
    # With the recipe's own batch, which it refuses if that is larger than the data set.
    built = build_cell(job.spec, job.data, devices.prepare_device(job.threads), job.loader_workers)
    return Trial(
        step_sec=step_sec,
        start_sec=ready[0] - started - step_sec,
        eval_image_sec=_eval_image_sec(built, batch_size),
        memory_bytes=memory,
        free_bytes=free,
        checkpoint_bytes=job.checkpoint.stat().st_size if job.checkpoint.exists() else 0,
        train_size=built.train_size,
        eval_size=built.prepared.size("val") + built.prepared.size("test"),
        num_params=built.num_params,
        device=str(devices.describe(built.device, job.threads, built.autocast)["device"]),
        on_gpu=built.device.type == "cuda",
    )


def _step_secs(looks: list[tuple[int, float]]) -> list[float]:
    """Seconds of a step between each two looks at the clock."""
    return [(now - then) / (after - before) for (before, then), (after, now) in pairwise(looks)]


def _smaller(recipe: Mapping[str, Any], batch_size: int) -> dict[str, Any]:
    """A recipe with a smaller batch, in the parts of the recipe's own where it still has such."""
    micro_batch = recipe["micro_batch"]
    in_parts = micro_batch is not None and batch_size % micro_batch == 0
    return {**recipe, "batch_size": batch_size, "micro_batch": micro_batch if in_parts else None}


def _with_base(job: Job) -> Job:
    """The job with a record of a base cell, from whose gradient norms its schedule is made; any norms will do."""
    built = build_cell(job.spec, job.data, devices.prepare_device(job.threads), job.loader_workers)
    base = job.record.with_name("base.json")
    made_up = {"version": RECORD_VERSION, "status": "ok", "spec": {"recipe": {"name": "made up"}}}
    write_json_atomic(base, {**made_up, "gradient_norms": [1.0] * built.num_steps})
    return replace(job, base=base)


def _eval_image_sec(built: Built, batch_size: int) -> float:
    """Seconds of evaluation an image, from the second of two batches of test images, which every data set has."""
    batches = eval_batches(built.prepared, "test", batch_size, built.device, built.loader_workers)
    for images, labels in islice(batches, 2):
        started = time.perf_counter()
        evaluate(built.model, [(images, labels)], built.autocast)  # reads the result, so the device is done
        image_sec = (time.perf_counter() - started) / len(labels)
    return image_sec
