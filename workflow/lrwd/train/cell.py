"""The training of one cell, from its spec to its record, resumed from a checkpoint if there is one."""

import dataclasses
import hashlib
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lrwd.atomic import sha256_file, write_json_atomic
from lrwd.code_hash import training_code
from lrwd.errors import ConfigError, DataError
from lrwd.runs.record import RECORD_VERSION, finite_or_none
from lrwd.schedules._training import Training
from lrwd.study.recipe import SCRATCH
from lrwd.train import device as devices
from lrwd.train.base_trace import BaseDiverged, read_base_trace
from lrwd.train.base_weights import read_base_weights
from lrwd.train.build import Built, build_cell
from lrwd.train.checkpoint import Spacing, load_checkpoint, save_checkpoint
from lrwd.train.diagnostics import weight_rms, weights_sha256
from lrwd.train.distributed import SOLO, StopVote, Team
from lrwd.train.evaluate import evaluate_split
from lrwd.train.layer_kinds import rms_by_kind
from lrwd.train.memorization import measure_memorization
from lrwd.train.schedule import Schedule, build_schedule
from lrwd.train.step import Progress, train_step
from lrwd.train.summary import summarise
from lrwd.train.weights import save_weights


class Interrupted(Exception):
    """The cell was asked to stop (SIGTERM) and has written a checkpoint."""


@dataclass(frozen=True)
class Job:
    """A cell to train: its spec, on which its result depends, and paths and settings, on which it does not.

    base: the record of the base cell, if the spec has one. start: the file of weights that the training starts from, if
    the spec has one. weights: the file for the final weights, if the spec saves them. cuda_graph: replay steps as a
    CUDA graph. shares_device: other cells may use the GPU too, so that running out of memory is an error.
    """

    spec: dict[str, Any]
    data: Path
    record: Path
    checkpoint: Path
    checkpoint_sec: float
    loader_workers: int
    threads: int = 1
    base: Path | None = None
    start: Path | None = None
    weights: Path | None = None
    cuda_graph: bool = False
    shares_device: bool = False

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Job":
        """Make a job from the fields of a JSON object, in which paths are text or null."""
        paths = ("data", "record", "checkpoint", "base", "start", "weights")
        return cls(**{**fields, **{name: Path(fields[name]) for name in paths if fields.get(name)}})

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: str(value) if isinstance(value, Path) else value for name, value in fields.items()}


def train_cell(
    job: Job, log: Callable[[str], None], stop: Callable[[], bool] = lambda: False, team: Team = SOLO
) -> dict[str, Any]:
    """Train a cell and write its record.

    Args:
        job: the cell.
        log: writes a line to the cell's log.
        stop: called after every step; once it returns True, a checkpoint is written and Interrupted raised.
        team: the processes that train the cell together, this one among them; all call this with the same job.

    Returns:
        The record; complete only in the leading process. Except for its section ``run`` it depends only on spec, code,
        data, device and versions of the libraries.

    Raises:
        Interrupted: stop() returned True.
        ConfigError, DataError: the spec or the prepared data are not usable.
    """
    started = time.time()
    if not team.leads:
        log = _discard
    device = devices.prepare_device(job.threads)
    code, data_sha256 = training_code(job.spec), sha256_file(job.data / "manifest.json")
    recipe = job.spec["recipe"]
    expected, without_start = read_base_weights(recipe, job.base)
    # If the base cell left no weights, this cell counts as diverged, whatever its weights.
    spec = {**job.spec, "recipe": {**recipe, "start_from": SCRATCH}} if without_start else job.spec
    built = build_cell(spec, job.data, device, job.loader_workers, job.start, team, job.cuda_graph)
    built.shares_device = job.shares_device
    start_sha256 = None if spec["recipe"]["start_from"] == SCRATCH else weights_sha256(built.model)
    if expected not in (None, start_sha256):
        raise DataError(f"{job.start}: not the weights that {job.base} describes; train that cell again")
    trace, without_trace = _base_trace(job, built.num_steps)
    without = without_start or without_trace
    schedule = None if without else _schedule(job, built, trace)
    belongs_to = [job.spec, code, data_sha256, None if trace is None else trace.tolist(), start_sha256]
    identity = hashlib.sha256(json.dumps(belongs_to, sort_keys=True).encode()).hexdigest()
    initial_rms = rms_by_kind(built.kinds)
    state = load_checkpoint(job.checkpoint, identity, log) if team.leads else None
    team.wait()  # the leading process may set aside a checkpoint of another cell
    if not team.leads:
        state = load_checkpoint(job.checkpoint, identity, log)
    causal = bool(schedule and schedule.causal_factor)
    norms_on = torch.device("cpu") if causal else device if recipe["gradient_trace"] else None
    progress = _restore(built, state, norms_on, log)
    log(f"training {built.num_params} parameters on {device}, {built.num_steps} steps")
    spacing, vote = Spacing(job.checkpoint_sec), StopVote(team, stop, device)
    diverged = schedule is None
    while schedule and progress.epoch < built.epochs and not diverged:
        built.model.train()
        for micro_batches in built.train.steps(progress.epoch, first_step=progress.step):
            train_step(built, schedule, progress, micro_batches, team)
            stopping = vote.after_step()
            if stopping or spacing.is_due():
                with spacing.writing():
                    if team.leads:
                        _save(job.checkpoint, identity, built, progress)
                if stopping:
                    log(f"stopped at epoch {progress.epoch}, step {progress.step}; checkpoint written")
                    raise Interrupted
        diverged = _end_epoch(built, progress, team, log)
    record: dict[str, Any] = {
        "version": RECORD_VERSION,
        "status": "diverged" if diverged else "ok",
        "spec": job.spec,
        "code": code,
        "data_sha256": data_sha256,
        "num_classes": built.num_classes,
        "num_params": built.num_params,
        "train_size": built.train_size,
        "steps_per_epoch": built.train.steps_per_epoch,
        "metrics": summarise(progress.history, diverged),
        "initial_rms": initial_rms,
        "history": progress.history,
        "start_sha256": start_sha256,
        "weights_sha256": weights_sha256(built.model),
        "provenance": devices.describe(device, job.threads, built.autocast),
        # Only this section differs from run to run.
        "run": {
            "host": socket.gethostname(),
            "started_unix": round(started, 3),
            "seconds": round(time.time() - started, 3),
            "resumed": state is not None,
            "cuda_graph": built.graph is not None,
        },
    }
    if without:
        record["reason"] = without
    if recipe["gradient_trace"]:
        assert progress.norms is not None
        norms = progress.norms[: len(progress.history) * built.train.steps_per_epoch].tolist()
        record["gradient_norms"] = [finite_or_none(norm) for norm in norms]
    if recipe["save_weights"] and not diverged and team.leads:
        assert job.weights is not None
        save_weights(built.model, job.weights)  # before the record, which marks the cell as done
    if recipe["measure_memory"]:
        record["memory"] = None if diverged or schedule is None else _memorization(job, built, schedule, progress)
    if built.num_pieces > 1:
        record["provenance"]["pieces"] = built.num_pieces
    if built.eval_batch_size < built.whole_eval_batch_size:
        record["provenance"]["eval_batch_size"] = built.eval_batch_size
    if team.leads:
        write_json_atomic(job.record, record)
        job.checkpoint.unlink(missing_ok=True)
    log(f"{record['status']} after {record['run']['seconds']} s: {json.dumps(record['metrics'])}")
    return record


def _base_trace(job: Job, num_steps: int) -> tuple[np.ndarray | None, str | None]:
    """The gradient norms of the base cell and None, or None and why there are none; both None without a base cell."""
    if "base" not in job.spec["recipe"]["schedule"]:
        return None, None
    if job.base is None:
        raise ConfigError(f"recipes.{job.spec['recipe']['name']}.schedule.base: the base cell's record was not given")
    try:
        return read_base_trace(job.base, num_steps), None
    except BaseDiverged as error:
        return None, str(error)


def _schedule(job: Job, built: Built, trace: np.ndarray | None) -> Schedule:
    steps = built.num_steps, built.train.steps_per_epoch
    return build_schedule(job.spec["recipe"], Training(job.spec["lr"], job.spec["wd"], *steps, trace))


def _memorization(job: Job, built: Built, schedule: Schedule, progress: Progress) -> dict[str, Any]:
    """How well each batch is memorized, with the learning rate and weight decay of its step."""
    steps = range(built.num_steps)
    wds = [schedule.wd(step) for step in steps]
    return {
        "lr": [schedule.lr(step, progress.norms) for step in steps],
        "wd": [job.spec["wd"] if wd is None else wd for wd in wds],
        **measure_memorization(built, job.spec["recipe"]["label_noise"]["fraction"]),
    }


def _end_epoch(built: Built, progress: Progress, team: Team, log: Callable[[str], None]) -> bool:
    """Evaluate, append the epoch to the history, and return whether the training diverged."""
    num_steps = built.train.steps_per_epoch
    assert progress.grad_norm is not None
    decaying = built.decaying_group
    row: dict[str, Any] = {
        "epoch": progress.epoch,
        # Of the epoch's last step.
        "lr_t": finite_or_none(decaying["lr"]),
        "wd_t": decaying["weight_decay"],
        "train_loss": finite_or_none(progress.loss_sum.item() / num_steps),
        "train_top1": progress.num_correct.item() / (num_steps * built.batch_size),
        "weight_rms": finite_or_none(weight_rms(decaying["params"])),
        "weight_rms_by_kind": rms_by_kind(built.kinds),
        "grad_norm": finite_or_none(progress.grad_norm.item()),
    }
    wanted = (progress.epoch + 1) % built.eval_every == 0 or progress.epoch + 1 == built.epochs
    for split in ("val", "test"):
        accuracy, loss = evaluate_split(built, split) if wanted and team.leads else (None, None)
        row |= {f"{split}_top1": accuracy, f"{split}_loss": loss}
    progress.history.append(row)
    progress.epoch, progress.step = progress.epoch + 1, 0
    progress.loss_sum.zero_()
    progress.num_correct.zero_()
    progress.grad_norm = None
    log("epoch {epoch}: loss {train_loss} train {train_top1:.4f} val {val_top1} test {test_top1}".format(**row))
    # The last update may make weights infinite or NaN, which no loss of this epoch has shown yet.
    return row["train_loss"] is None or row["weight_rms"] is None


def _discard(line: str) -> None:
    """Log nothing: only the leading process writes the log."""


def _save(path: Path, identity: str, built: Built, progress: Progress) -> None:
    state = {
        "model": built.model.state_dict(),
        "optimizer": built.optimizer.state_dict(),
        "progress": {**vars(progress)},
        # Where memory was short, a resumed training rounds as it would have done without the interruption.
        "num_pieces": built.num_pieces,
        "eval_batch_size": built.eval_batch_size,
    }
    save_checkpoint(path, identity, state)


def _restore(
    built: Built, state: dict[str, Any] | None, norms_on: torch.device | None, log: Callable[[str], None]
) -> Progress:
    """The progress of a checkpoint, with which the cell is brought up to date; or that of a training that begins.

    norms_on: where the gradient norms of all steps are kept; None if they are not.
    """
    device = built.device
    if state is None:
        return Progress(
            epoch=0,
            step=0,
            loss_sum=torch.zeros((), dtype=torch.float64, device=device),
            num_correct=torch.zeros((), dtype=torch.int64, device=device),
            grad_norm=None,
            norms=None
            if norms_on is None
            else torch.full((built.num_steps,), torch.nan, dtype=torch.float64, device=norms_on),
            history=[],
        )
    built.model.load_state_dict(state["model"])
    built.optimizer.load_state_dict(state["optimizer"])
    progress = Progress(**state["progress"])
    progress.loss_sum = progress.loss_sum.to(device)
    progress.num_correct = progress.num_correct.to(device)
    if progress.norms is not None:
        progress.norms = progress.norms.to(norms_on)
    built.num_pieces = state["num_pieces"]
    built.eval_batch_size = min(built.eval_batch_size, state["eval_batch_size"])
    if built.num_pieces > 1:
        built.graph = None
    log(f"going on from the checkpoint at epoch {progress.epoch}, step {progress.step}")
    return progress
