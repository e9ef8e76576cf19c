"""Measures the cost of a group's cells on this machine, by training one cell for a few steps."""

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
from lrwd.train.build import Built, build_cell
from lrwd.train.cell import Interrupted, Job, train_cell
from lrwd.train.evaluate import evaluate

# The first step is not timed, since it allocates memory and chooses kernels.
WARM_UP_STEPS = 1
# If the whole batch takes too long or too much memory, a smaller batch is measured instead. Each batch size tried is
# larger than the previous one by this factor.
GROWTH = 4
# Share of the free memory that may be used.
MEMORY_SHARE = 0.8
BARRIER_SEC = 600.0
# Batches that torch's DataLoader decodes ahead, per process.
PREFETCHED = 2
# A GPU is synchronized and the clock read after about AHEAD_SEC seconds of steps, and after MOST_AHEAD steps at most.
AHEAD_SEC, MOST_AHEAD = 0.1, 10


@dataclass(frozen=True)
class Limits:
    """Limits on the measurement of a group.

    Args:
        max_steps: maximum number of timed steps of a cell.
        max_sec: time limit for them in seconds. At least one step is timed, however long it takes.
        at_once: numbers of concurrent cells to measure, ascending.
    """

    max_steps: int
    max_sec: float
    at_once: tuple[int, ...]


@dataclass(frozen=True)
class Trial:
    """Measured cost of one cell.

    Args:
        step_sec: median seconds per step.
        start_sec: seconds from the start to the end of the first step, minus ``step_sec``.
        eval_image_sec: seconds of evaluation per image, decoding of image files included.
        memory_bytes: peak memory, allocated on the GPU or resident on the CPU.
        free_bytes: free memory of the device before the training.
        checkpoint_bytes: size of the checkpoint; 0 if the training ended before it was interrupted.
        train_size: number of training images.
        eval_size: number of images of one evaluation, validation and test together.
        num_params: number of trained parameters.
        device: name of the device.
        on_gpu: whether the device is a GPU.
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
    """Measure the cost of a cell.

    Args:
        job: a cell of the group. Its output goes to a temporary folder.
        limits: limits on the measurement.

    Returns:
        Plain values: device, batch size, size of the micro-batch that was measured, memory, and the seconds per step
        for each number of concurrent cells.

    Raises:
        RuntimeError: a cell cannot be trained; the message is its traceback.
    """
    # Use random weights: the initial weights may not exist yet, and the cost is the same.
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
    """Find the largest batch, up to the recipe's, that can be trained within the limits, and measure a cell with it."""
    batch_size = job.spec["recipe"]["batch_size"]
    sizes = [batch_size]
    while sizes[0] // GROWTH >= GROWTH:
        sizes.insert(0, sizes[0] // GROWTH)
    measured: tuple[int, Trial] | None = None
    while sizes:
        if measured:
            # Go directly to the whole batch if it fits, else to the next larger one.
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
        raise RuntimeError("not enough memory even for the smallest batch")
    return measured


def _fits(factor: float, trial: Trial, limits: Limits) -> bool:
    """Whether a batch larger by ``factor`` fits the limits; time and memory are assumed proportional to its size."""
    in_time = factor * trial.step_sec * (WARM_UP_STEPS + 1) <= limits.max_sec
    return in_time and factor * trial.memory_bytes <= MEMORY_SHARE * trial.free_bytes


def _trials(job: Job, batch_size: int, limits: Limits, number: int) -> list[Trial] | None:
    """Train ``number`` cells concurrently, each in its own process; None if there was not enough memory."""
    # Forking saves the children's imports. It is possible because this process has not used a GPU.
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
    """Receive each child's Trial, its traceback, or None if it or another child ran out of memory."""
    answers, waiting = [], list(ends)
    while waiting:
        for end in wait(waiting):
            assert isinstance(end, Connection)
            waiting.remove(end)
            try:
                answers.append(end.recv())
            except EOFError:  # the child was killed, probably for lack of memory
                answers.append(None)
            if not isinstance(answers[-1], Trial):
                barrier.abort()  # so that the other children do not wait for it
    return answers


def _measure(job: Job, batch_size: int, limits: Limits, barrier: Any, end: Connection) -> None:
    """Run one trial in a child process and send its result."""
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
    looks: list[tuple[int, float]] = []  # (number of finished steps, time)

    def stop() -> bool:
        """Called after every step; once true, it stays true."""
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
            # The CPU queues steps ahead of the GPU. Synchronizing after each step would make the GPU wait.
            next_look = num_steps + min(MOST_AHEAD, int(AHEAD_SEC / _step_secs(looks)[-1]))
        return False

    # Run the real training, so that the measurement includes everything that it does.
    with contextlib.suppress(Interrupted):
        train_cell(part, lambda _: None, stop)
    step_sec = statistics.median(_step_secs(looks))
    memory = peak_bytes()
    # Build with the recipe's own batch size, which raises if the batch is larger than the data set.
    built = build_cell(job.spec, job.data, devices.prepare_device(job.threads), job.loader_workers)
    return Trial(
        step_sec=step_sec,
        start_sec=ready[0] - started - step_sec,
        eval_image_sec=_eval_image_sec(built, batch_size, limits.max_sec),
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
    """Seconds per step between consecutive readings of the clock."""
    return [(now - then) / (after - before) for (before, then), (after, now) in pairwise(looks)]


def _smaller(recipe: Mapping[str, Any], batch_size: int) -> dict[str, Any]:
    """The recipe with a smaller batch. Its micro-batch is kept if it divides the smaller batch."""
    micro_batch = recipe["micro_batch"]
    in_parts = micro_batch is not None and batch_size % micro_batch == 0
    return {**recipe, "batch_size": batch_size, "micro_batch": micro_batch if in_parts else None}


def _with_base(job: Job) -> Job:
    """Add a base record with arbitrary gradient norms to a job, since its schedule is computed from them."""
    built = build_cell(job.spec, job.data, devices.prepare_device(job.threads), job.loader_workers)
    base = job.record.with_name("base.json")
    made_up = {"version": RECORD_VERSION, "status": "ok", "spec": {"recipe": {"name": "made up"}}}
    write_json_atomic(base, {**made_up, "gradient_norms": [1.0] * built.num_steps})
    return replace(job, base=base)


def _eval_image_sec(built: Built, batch_size: int, max_sec: float) -> float:
    """Seconds of evaluation per test image, decoding included.

    A GPU evaluates in the batches of a training. A CPU takes as long per image in any; there they are no larger than
    ``batch_size``, for which time suffices. The first batches are not timed, if there are others and time for them:
    the device chooses kernels, and the loader's processes have decoded ahead.
    """
    if built.device.type == "cpu":
        built.eval_batch_size = min(built.eval_batch_size, batch_size)
    ahead = PREFETCHED * built.loader_workers if built.prepared.kind == "files" else 0
    batches = built.eval_batches("test")
    assert batches is not None
    looks, num_images = [time.perf_counter()], [0]
    for images, labels in islice(batches, WARM_UP_STEPS + ahead + max(1, built.loader_workers)):
        evaluate(built.model, [(images, labels)], built.autocast)  # reads the result, so the device has finished
        looks.append(time.perf_counter())
        num_images.append(num_images[-1] + len(labels))
        if looks[-1] - looks[0] > max_sec and len(looks) > WARM_UP_STEPS + 1:
            break
    first = min(WARM_UP_STEPS + ahead, len(looks) - 2)
    return (looks[-1] - looks[first]) / (num_images[-1] - num_images[first])
