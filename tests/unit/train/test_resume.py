"""A cell that was stopped or killed ends with the record it would have had, bit for bit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from resuming import Killed, after, finish, killed_after, quiet, text
from tiny_cells import MakeJob

from lrwd.train.cell import Interrupted, train_cell
from lrwd.train.checkpoint import MAGIC, Spacing

pytestmark = pytest.mark.usefixtures("on_the_cpu")
STEPS_PER_EPOCH = 4


# Every knob of the regimes.
REGIME: dict[str, Any] = {
    "batch_size": 20,
    "augment": {
        "any": [
            {"name": "random_erasing", "probability": 0.5, "scale": [0.1, 0.3], "ratio": [0.5, 2.0], "fill": "color"},
            {"name": "cutout", "size": 2},
        ]
    },
    "mix": {"mixup": 0.4, "cutmix": 1.0},
    "subsample": {"fraction": 0.8, "imbalance": 4, "seed": 0},  # 160 images, of which 84 are left
    "label_smoothing": 0.1,
    "drop_path": 0.3,
}


# BatchNorm's running statistics; drop-path's random numbers; and a plain one. All with crops and label noise.
@pytest.mark.parametrize(("arch", "changes"), [("resnet", {}), ("swin", {}), ("mixer", {}), ("resnet", REGIME)])
def test_stopped_anywhere(make_job: MakeJob, arch: str, changes: dict[str, Any]) -> None:
    whole = text(train_cell(make_job("whole", arch, **changes), quiet))
    # First step, within an epoch, last step of an epoch, first of the next, last of all.
    for num_steps in (1, 2, 4, 5, 8, 12):
        job = make_job(f"after_{num_steps}", arch, **changes)
        with pytest.raises(Interrupted):
            train_cell(job, quiet, after(num_steps))
        assert not job.record.exists()
        record, lines = finish(job)
        epoch, step = divmod(num_steps - 1, STEPS_PER_EPOCH)
        assert f"going on from the checkpoint at epoch {epoch}, step {step + 1}" in lines
        assert text(record) == whole, f"after {num_steps} steps"
        assert record["run"]["resumed"] is True
        assert not job.checkpoint.exists()


def test_stopped_again_and_again(make_job: MakeJob) -> None:
    whole = text(train_cell(make_job("whole", "swin"), quiet))
    job = make_job("often", "swin")
    for _ in range(11):
        with pytest.raises(Interrupted):
            train_cell(job, quiet, after(1))
    assert text(finish(job)[0]) == whole


@pytest.mark.parametrize("num_steps", [1, 6, 9])
def test_killed(make_job: MakeJob, num_steps: int) -> None:
    whole = text(train_cell(make_job("whole", "resnet"), quiet))
    job = make_job("killed", "resnet", checkpoint_sec=0.0)  # a checkpoint every step
    with pytest.raises(Killed):
        train_cell(job, quiet, killed_after(num_steps))
    assert job.checkpoint.exists() == (num_steps > 1)
    assert text(finish(job)[0]) == whole


def test_killed_between_record_and_checkpoint(make_job: MakeJob) -> None:
    job = make_job("a", "resnet")
    with pytest.raises(Interrupted):
        train_cell(job, quiet, after(7))
    left = job.checkpoint.read_bytes()
    whole = text(train_cell(job, quiet))
    job.checkpoint.write_bytes(left)  # as if it had not been removed; then the cell is asked for once more
    assert text(finish(job)[0]) == whole


def test_no_checkpoint_sooner_than_asked(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    monkeypatch.setattr("lrwd.train.cell.save_checkpoint", lambda path, *_: written.append(path))
    train_cell(make_job("a", "mixer", checkpoint_sec=1e9), quiet)
    assert not written
    train_cell(make_job("b", "mixer", checkpoint_sec=0.0), quiet)
    assert len(written) == 3 * STEPS_PER_EPOCH


def test_checkpoints_that_take_long_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("lrwd.train.checkpoint.time.monotonic", lambda: now)
    spacing = Spacing(20.0)
    now = 20.5
    assert spacing.is_due()
    with spacing.writing():
        now += 2.0  # as for a network of 24 million parameters
    now += 199.0
    assert not spacing.is_due()
    now += 2.0
    assert spacing.is_due()
    with spacing.writing():
        now += 0.001  # as for a small one
    now += 19.0
    assert not spacing.is_due()
    now += 2.0
    assert spacing.is_due()
    always = Spacing(0.0)
    with always.writing():
        now += 100.0
    now += 0.001
    assert always.is_due()


def test_the_network_is_set_to_training_once_an_epoch(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[bool] = []
    train = torch.nn.Module.train

    def counted(module: torch.nn.Module, mode: bool = True) -> torch.nn.Module:
        if next(module.children(), None) is not None and not getattr(module, "_inner", False):
            for child in list(module.modules())[1:]:
                child._inner = True  # type: ignore[assignment]
            set_to.append(mode)
        return train(module, mode)

    monkeypatch.setattr(torch.nn.Module, "train", counted)
    train_cell(make_job("a", "mixer"), quiet)
    # An epoch, then the evaluation of two splits.
    assert set_to == [True, False, False] * 3


def flipped(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (flipped, "torn"),
        (lambda content: content[:-1], "torn"),
        (lambda content: content[: len(content) // 2], "torn"),
        (lambda content: content[: len(MAGIC) + 5], "torn"),
        (lambda content: b"", "not a checkpoint of this version"),
        (lambda content: content.replace(b"checkpoint 1", b"checkpoint 0", 1), "not a checkpoint of this version"),
        (lambda content: b"PK\x03\x04" + content, "not a checkpoint of this version"),
    ],
)
def test_a_damaged_checkpoint_is_left_behind(make_job: MakeJob, damage: Callable[[bytes], bytes], reason: str) -> None:
    whole = text(train_cell(make_job("whole", "mixer"), quiet))
    job = make_job("a", "mixer")
    with pytest.raises(Interrupted):
        train_cell(job, quiet, after(5))
    damaged = damage(job.checkpoint.read_bytes())
    job.checkpoint.write_bytes(damaged)
    record, lines = finish(job)
    assert text(record) == whole
    assert record["run"]["resumed"] is False
    (line,) = [line for line in lines if "left behind" in line]
    assert reason in line
    assert "a.ckpt.rejected" in line
    assert job.checkpoint.with_name("a.ckpt.rejected").read_bytes() == damaged


@pytest.mark.parametrize("changes", [{"lr": 0.02}, {"seed": 1}, {"epochs": 4}, {"arch": "resnet"}])
def test_a_foreign_checkpoint_is_left_behind(make_job: MakeJob, changes: dict[str, Any]) -> None:
    whole = text(train_cell(make_job("whole", "mixer"), quiet))
    with pytest.raises(Interrupted):
        train_cell(make_job("a", **{"arch": "mixer", **changes}), quiet, after(5))
    record, lines = finish(make_job("a", "mixer"))
    assert text(record) == whole
    assert any("left behind" in line and "another cell, code or data set" in line for line in lines)


def test_a_checkpoint_of_other_code_is_left_behind(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("lrwd.train.cell.training_code", lambda _: "what the code was")
        with pytest.raises(Interrupted):
            train_cell(make_job("a", "mixer"), quiet, after(5))
    record, lines = finish(make_job("a", "mixer"))
    assert record["run"]["resumed"] is False
    assert any("left behind" in line for line in lines)


def test_the_order_of_keys_is_no_other_cell(make_job: MakeJob) -> None:
    job = make_job("a", "mixer")
    with pytest.raises(Interrupted):
        train_cell(job, quiet, after(5))
    reordered = dict(reversed(job.spec.items()))
    job.spec.clear()
    job.spec.update(reordered)
    assert finish(job)[0]["run"]["resumed"] is True
