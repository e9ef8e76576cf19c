"""A batch in parts: the same training in one process or in several, and where memory is short."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from tiny_cells import MakeJob, make_spec, result

from lrwd.errors import ConfigError
from lrwd.execution.gpu_lease import LeaseError, take_lease
from lrwd.train import cell
from lrwd.train.accumulate import PairwiseSum, pairwise
from lrwd.train.batches import Batches
from lrwd.train.build import Built, build_cell
from lrwd.train.cell import Job, train_cell
from lrwd.train.distributed import ASK_STEPS, SOLO, StopVote, Team

SCRIPT = Path(__file__).parents[3] / "workflow" / "scripts" / "train.py"
# 48 images in four parts of 12, with everything that draws random numbers.
PARTS = {"batch_size": 48, "micro_batch": 12, "mix": {"mixup": 0.4, "cutmix": 1.0}}
CPU = torch.device("cpu")

pytestmark = pytest.mark.usefixtures("on_the_cpu")


def numbers(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return list(torch.randn(count, 1000, generator=generator) * 10 ** torch.randn(count, 1, generator=generator))


@pytest.mark.parametrize(("num_parts", "num_processes"), [(8, 2), (8, 4), (8, 8), (6, 3), (12, 3), (10, 5)])
def test_a_sum_is_the_same_bits_however_its_parts_are_shared_out(num_parts: int, num_processes: int) -> None:
    parts = numbers(num_parts)
    (whole,) = pairwise([part.clone()] for part in parts)
    own = num_parts // num_processes
    shares = [parts[own * rank : own * (rank + 1)] for rank in range(num_processes)]
    (shared,) = pairwise(pairwise([part.clone()] for part in share) for share in shares)
    assert torch.equal(whole, shared)
    torch.testing.assert_close(whole, torch.stack(parts).double().sum(0).float(), rtol=1e-4, atol=1e-4)
    one_by_one = sum(parts[1:], parts[0])
    assert not torch.equal(whole, one_by_one)  # or this test would show nothing


def test_a_sum_of_parts_is_a_tree() -> None:
    found = PairwiseSum()
    for number in (1e8, 1.0, -1e8, 1.0):
        found.add([torch.tensor(number)])
    # (1e8 + 1) + (-1e8 + 1) in float32, where 1e8 + 1 = 1e8 and -1e8 + 1 = -1e8.
    assert found.total()[0] == 0.0


def feed(folder: Path, team: Team, **changes: Any) -> Batches:
    return build_cell(make_spec("mixer", **PARTS | changes), folder, CPU, 0, team=team).train


def test_processes_are_fed_the_parts_of_the_same_batches(digits: Path) -> None:
    whole = list(feed(digits, SOLO).epoch(1))
    assert len(whole) == 4 * feed(digits, SOLO).steps_per_epoch
    shares = [list(feed(digits, Team(rank, 2)).epoch(1)) for rank in (0, 1)]
    for number, (images, labels) in enumerate(whole):
        step, part = divmod(number, 4)
        rank, own = divmod(part, 2)
        same = shares[rank][2 * step + own]
        assert torch.equal(images, same[0])
        assert torch.equal(labels, same[1])


def test_a_feed_that_starts_later_goes_on_as_if_it_had_not(digits: Path) -> None:
    whole = [[images for images, _ in parts] for parts in feed(digits, Team(1, 2)).steps(0)]
    rest = [[images for images, _ in parts] for parts in feed(digits, Team(1, 2)).steps(0, first_step=2)]
    assert [len(parts) for parts in whole] == [2] * 4
    for before, after in zip(whole[2:], rest, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(before, after, strict=True))


def test_a_batch_of_one_part_is_the_batch(make_job: MakeJob) -> None:
    records = [train_cell(make_job(str(size), "swin", micro_batch=size), lambda _: None) for size in (None, 50)]
    assert records[0]["weights_sha256"] == records[1]["weights_sha256"]


def gradients(built: Built) -> torch.Tensor:
    return torch.cat([param.grad.flatten() for param in built.params if param.grad is not None])


def one_step(spec: dict[str, Any], folder: Path) -> Built:
    """A cell after the backward pass of its first step, with lr = 0."""
    job = Job({**spec, "lr": 0.0}, folder, Path(), Path(), 1e9, 0)
    built = build_cell(job.spec, folder, CPU, 0)
    schedule = cell._schedule(job, built, None)
    progress = cell._restore(built, None, None, lambda _: None)
    cell.train_step(built, schedule, progress, next(built.train.steps(0)), SOLO)
    return built


def test_the_gradient_of_parts_is_the_batchs(digits: Path) -> None:
    knobs = {"augment": {"any": []}, "batch_size": 48}
    whole, parts = (one_step(make_spec("mixer", **knobs, micro_batch=size), digits) for size in (None, 12))
    torch.testing.assert_close(gradients(parts), gradients(whole), rtol=1e-4, atol=1e-7)


def test_running_averages_of_batch_norms_are_those_of_training_part_after_part(digits: Path) -> None:
    knobs = {"augment": {"any": []}, "batch_size": 48, "micro_batch": 12}
    found = one_step(make_spec("resnet", **knobs), digits).model.state_dict()
    plain = build_cell(make_spec("resnet", **knobs), digits, CPU, 0)
    plain.model.train()
    for images, _ in next(plain.train.steps(0)):
        plain.model(images)
    running = {name: value for name, value in plain.model.state_dict().items() if "running" in name or "num_b" in name}
    assert len(running) > 5
    for name, value in running.items():
        torch.testing.assert_close(found[name], value, rtol=1e-6, atol=1e-8)


def start(job: Job, num_processes: int, **more: Any) -> subprocess.Popen:
    """Start a cell as its rule does where it has so many GPUs, with further keys of its request."""
    request = {"log": str(log_of(job)), "processes": num_processes, "server": None, "pool": None, **more}
    command = [sys.executable, "-S", "-E", str(SCRIPT), "--job", json.dumps({"job": job.to_json(), **request})]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    environment.pop("LRWD_OWNER", None)
    return subprocess.Popen(command, env=environment)


def log_of(job: Job) -> Path:
    return job.record.with_suffix(".log")


def record_of(job: Job) -> dict[str, Any]:
    return result(json.loads(job.record.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="gloo")
def test_a_cell_is_the_same_bits_in_one_process_and_in_two(make_job: MakeJob) -> None:
    """With batch norms (resnet), and with stochastic depth, augmentation and mixing (swin)."""
    for arch, changes in (("resnet", {}), ("swin", {"drop_path": 0.2})):
        jobs = [make_job(f"{arch}{number}", arch, **PARTS, **changes) for number in (1, 2)]
        alone = result(train_cell(jobs[0], lambda _: None))
        assert start(jobs[1], 2).wait(200) == 0, log_of(jobs[1]).read_text()
        assert record_of(jobs[1]) == alone
        assert log_of(jobs[1]).read_text().count("epoch 0:") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="gloo")
def test_two_processes_that_are_stopped_are_gone_on_from_by_one(make_job: MakeJob) -> None:
    changes = {**PARTS, "epochs": 60, "eval_every": 60}
    job, whole = make_job("stopped", "resnet", **changes), make_job("whole", "resnet", **changes)
    process = start(job, 2)
    deadline = time.monotonic() + 200
    while not (log_of(job).exists() and "epoch 1:" in log_of(job).read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait(100) != 0
    assert job.checkpoint.exists()
    assert not job.record.exists()
    said: list[str] = []
    assert result(train_cell(job, said.append)) == result(train_cell(whole, lambda _: None))
    assert any("going on from the checkpoint" in line for line in said)


@pytest.mark.skipif(sys.platform != "linux", reason="gloo")
def test_a_team_whose_torchrun_is_killed_stops_and_then_gives_its_gpus_back(make_job: MakeJob, tmp_path: Path) -> None:
    """On invented GPUs: each process keeps the lease until it has ended."""
    job = make_job("killed", "resnet", **PARTS, epochs=600, eval_every=600)
    gpus, folder = ["GPU-a", "GPU-b"], tmp_path / "leases"
    process = start(job, 2, lease={"gpus": gpus, "cells_per_gpu": 1, "folder": str(folder)})
    deadline = time.monotonic() + 200
    while not (log_of(job).exists() and "epoch 1:" in log_of(job).read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(LeaseError, match="gave up"):
        take_lease(gpus, 1, 1, folder, gives_up=lambda: True)
    process.kill()
    process.wait()
    lease = take_lease(gpus, 2, 1, folder, gives_up=lambda: time.monotonic() > deadline)
    assert "checkpoint written" in log_of(job).read_text()
    lease.release()


class Votes:
    """In place of a team of two: the other process's votes."""

    size = 2

    def __init__(self, others: list[tuple[float, float]]) -> None:
        self.others = others
        self.num_asked = 0

    def gather(self, mine: torch.Tensor) -> torch.Tensor:
        self.num_asked += 1
        return torch.stack([mine, torch.tensor(self.others.pop(0))])


@pytest.mark.parametrize(("step_sec", "interval"), [(1e-4, ASK_STEPS), (0.3, 3), (5.0, 1)])
def test_a_team_asks_seldom_whether_to_stop(step_sec: float, interval: int) -> None:
    """All ask again after the same number of steps, which the slowest process decides."""
    votes = Votes([(0.0, step_sec), (0.0, step_sec), (1.0, step_sec)])
    vote = StopVote(cast(Team, votes), lambda: False, CPU)
    answers = [vote.after_step() for _ in range(1 + 2 * interval)]
    assert answers == [False] * (2 * interval) + [True]
    assert votes.num_asked == 3


def test_a_process_alone_stops_at_once() -> None:
    asked = iter([False, True])
    vote = StopVote(SOLO, lambda: next(asked), CPU)
    assert [vote.after_step(), vote.after_step()] == [False, True]


def short_of_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """From now on as on a device that has room for so many images."""
    build = cell.build_cell

    def built_small(*args: Any) -> Built:
        built = build(*args)

        def refuse(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            if built.model.training and len(inputs[0]) > most:
                raise torch.OutOfMemoryError("no room")

        built.model.register_forward_pre_hook(refuse)
        return built

    monkeypatch.setattr(cell, "build_cell", built_small)


@pytest.mark.parametrize(("most", "pieces"), [(24, 2), (12, 4)])
@pytest.mark.parametrize("micro_batch", [None, 24])
def test_where_memory_is_short_the_same_sum_is_made_in_pieces(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, micro_batch: int | None, most: int, pieces: int
) -> None:
    knobs = {**PARTS, "micro_batch": micro_batch, "epochs": 2}
    plenty = train_cell(make_job("plenty", "mixer", **knobs), lambda _: None)
    short_of_memory(monkeypatch, most if micro_batch is None else most // 2)
    short = train_cell(make_job("short", "mixer", **knobs), lambda _: None)
    assert short["provenance"]["pieces"] == pieces
    assert "pieces" not in plenty["provenance"]
    for one, other in zip(plenty["history"], short["history"], strict=True):
        assert other["train_loss"] == pytest.approx(one["train_loss"], rel=1e-4)
        assert other["grad_norm"] == pytest.approx(one["grad_norm"], rel=1e-2)


@pytest.mark.parametrize(
    ("arch", "most", "why"),
    [
        ("resnet", 24, "BatchNorm2d computes something else in smaller micro-batches"),
        ("mixer", 1, "it cannot be halved again"),
    ],
)
def test_what_cannot_be_made_in_pieces_says_what_to_change(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, arch: str, most: int, why: str
) -> None:
    short_of_memory(monkeypatch, most)
    with pytest.raises(ConfigError, match=f"micro_batch: 48 images do not fit .*{why}; give the recipe a smaller"):
        train_cell(make_job("short", arch, **{**PARTS, "micro_batch": None}), lambda _: None)


@pytest.mark.parametrize(
    ("micro_batch", "num_processes", "message"),
    [
        (None, 2, "null is not allowed with 2 processes .* such as 24"),
        (36, 1, "36 is not allowed; it must divide batch_size, 48"),
        (8, 2, "8 is not allowed with 2 processes .* each has 3 of the 6 micro-batches of a batch"),
        (24, 4, "24 is not allowed with 4 processes .* each has 0.5 of the 2 micro-batches"),
    ],
)
def test_parts_that_do_not_fit_are_refused(
    digits: Path, micro_batch: int | None, num_processes: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"micro_batch: {message}"):
        feed(digits, Team(0, num_processes), micro_batch=micro_batch)
