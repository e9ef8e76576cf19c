"""The training of one cell: what it computes, and what its record says."""

import json
import math
from typing import Any

import pytest
import torch
from tiny_cells import MakeJob, result
from torch.nn import functional

from lrwd import registry
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError
from lrwd.runs.record import read_record
from lrwd.train import cell
from lrwd.train.batches import Batches, eval_batches
from lrwd.train.build import build_model
from lrwd.train.cell import train_cell

pytestmark = pytest.mark.usefixtures("on_the_cpu")
NUM_STEPS = 12


def quiet(_: str) -> None:
    pass


@pytest.mark.parametrize("arch", ["mixer", "resnet"])  # the second has running statistics
def test_is_a_plain_training_loop(make_job: MakeJob, arch: str) -> None:
    """Against a loop written out: torch's AdamW (not fused), the schedule's closed form, sums in Python."""
    job = make_job("a", arch, decay="all", augment={"any": []}, label_noise={"fraction": 0.0, "seed": 0})
    record = train_cell(job, quiet)
    data, cpu = open_prepared(job.data, verify=False), torch.device("cpu")
    model = build_model(job.spec["arch"], 10, 8, 1, seed=0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1.0, weight_decay=0.5, eps=1e-8, fused=False)
    batches = Batches(data, "train", 50, [], seed=0, device=cpu, num_workers=0)
    for epoch in range(3):
        losses, right = [], 0
        for step, (images, labels) in enumerate(batches.epoch(epoch), 4 * epoch):
            share = (step + 1) / 4 if step < 4 else (1 + math.cos(math.pi * (step - 4) / 8)) / 2
            optimizer.param_groups[0]["lr"] = 0.01 * share
            logits = model.train()(images)
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            right += (logits.argmax(1) == labels).sum().item()
        weights = torch.cat([param.detach().flatten() for param in model.parameters()])
        gradient = torch.cat([param.grad.flatten() for param in model.parameters()])  # type: ignore[union-attr]
        row = record["history"][epoch]
        assert row["epoch"] == epoch
        assert row["lr_t"] == pytest.approx(0.01 * share)
        assert row["train_loss"] == pytest.approx(sum(losses) / 4, rel=1e-4)
        assert row["train_top1"] == pytest.approx(right / 200, abs=0.011)  # two images may be on the edge
        assert row["weight_rms"] == pytest.approx(weights.square().mean().sqrt().item(), rel=1e-4)
        assert row["grad_norm"] == pytest.approx(gradient.norm().item(), rel=1e-3)
        for split, num in (("val", 97), ("test", 1500)):
            (images, labels), *more = eval_batches(data, split, 1500, cpu, num_workers=0)
            assert len(labels) == num
            assert not more
            with torch.no_grad():
                logits = model.eval()(images)
            accuracy = (logits.argmax(1) == labels).double().mean().item()
            assert row[f"{split}_top1"] == pytest.approx(accuracy, abs=0.011)
            assert row[f"{split}_loss"] == pytest.approx(functional.cross_entropy(logits, labels).item(), rel=1e-3)


@pytest.mark.parametrize("arch", ["resnet", "swin"])
def test_a_function_of_spec_and_seed(make_job: MakeJob, arch: str) -> None:
    first = train_cell(make_job("first", arch), quiet)
    # Whatever ran in the process before.
    torch.manual_seed(123)
    torch.rand(7)
    train_cell(make_job("between", "mixer", seed=5), quiet)
    second = train_cell(make_job("second", arch), quiet)
    assert json.dumps(result(first)) == json.dumps(result(second))
    other = train_cell(make_job("other", arch, seed=1), quiet)
    assert other["weights_sha256"] != first["weights_sha256"]
    assert other["history"] != first["history"]


def test_drop_path_draws_anew_every_step(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    monkeypatch.setattr(cell.devices, "seed_layers", lambda _, seed: seeds.append(seed))
    train_cell(make_job("a", "swin"), quiet)
    assert len(seeds) == len(set(seeds)) == NUM_STEPS


@pytest.mark.parametrize(
    "changes",
    [
        {"lr": 0.02},
        {"wd": 0.0},
        {"decay": "all"},
        {"channels_last": True},
        {"mix": {"mixup": 0.2, "cutmix": 0}},
        {"mix": {"mixup": 0, "cutmix": 1}},
        {"subsample": {"fraction": 1, "imbalance": 1.01, "seed": 0}},
        {"label_smoothing": 0.1},
        {"drop_path": 0.3},
    ],
)
def test_knobs_take_part(make_job: MakeJob, changes: dict[str, Any]) -> None:
    plain, changed = train_cell(make_job("a", "resnet"), quiet), train_cell(make_job("b", "resnet", **changes), quiet)
    assert plain["weights_sha256"] != changed["weights_sha256"]


def test_the_record(make_job: MakeJob) -> None:
    job = make_job("a", "resnet")
    returned = train_cell(job, quiet)
    record = read_record(job.record)
    assert record == returned
    assert record["status"] == "ok"
    assert record["spec"] == job.spec
    assert (record["train_size"], record["steps_per_epoch"], record["num_classes"]) == (200, 4, 10)
    assert len(record["history"]) == 3
    assert record["metrics"]["final"]["test_top1"] == record["history"][-1]["test_top1"]
    assert record["metrics"]["best_val"]["val_top1"] == max(row["val_top1"] for row in record["history"])
    model = build_model(job.spec["arch"], 10, 8, 1, seed=0)
    assert record["num_params"] == sum(param.numel() for param in model.parameters())
    assert torch.__version__.startswith(record["provenance"]["torch"].partition("+")[0])
    assert (record["provenance"]["device_type"], record["provenance"]["threads"]) == ("cpu", 1)
    assert record["run"]["resumed"] is False
    assert not job.checkpoint.exists()


@pytest.mark.parametrize(("eval_every", "evaluated"), [(2, [1, 3, 4]), (9, [4]), (1, [0, 1, 2, 3, 4])])
def test_epochs_between_evaluations(make_job: MakeJob, eval_every: int, evaluated: list[int]) -> None:
    record = train_cell(make_job("a", "resnet", epochs=5, eval_every=eval_every), quiet)
    assert [row["epoch"] for row in record["history"] if row["test_top1"] is not None] == evaluated
    assert [row["epoch"] for row in record["history"] if row["val_loss"] is not None] == evaluated
    assert record["metrics"]["final"]["epoch"] == 4
    # Looking does not change what is looked at.
    always = train_cell(make_job("b", "resnet", epochs=5), quiet)
    assert always["weights_sha256"] == record["weights_sha256"]


@pytest.mark.parametrize("arch", ["resnet", "mixer"])
def test_divergence_is_a_result(make_job: MakeJob, arch: str) -> None:
    job = make_job("a", arch, lr=1e30, epochs=5)
    lines: list[str] = []
    record = train_cell(job, lines.append)
    assert read_record(job.record) == record  # valid JSON: no NaN in it
    assert record["status"] == "diverged"
    assert record["metrics"]["final"] is None
    assert len(record["history"]) < 5
    last = record["history"][-1]
    assert last["train_loss"] is None or last["weight_rms"] is None
    assert lines[-1].startswith("diverged after")


def test_a_record_counts_the_images_that_are_left(make_job: MakeJob) -> None:
    record = train_cell(make_job("a", "mixer", subsample={"fraction": 0.55, "imbalance": 1, "seed": 0}), quiet)
    assert (record["train_size"], record["steps_per_epoch"]) == (110, 2)
    # Shares of the steps' images, not of the split's.
    assert all(round(row["train_top1"] * 100, 6).is_integer() for row in record["history"])


def test_divergence_in_the_very_last_step(make_job: MakeJob) -> None:
    # One step: its loss is finite, the weights after it are not.
    job = make_job("a", "mixer", lr=1e39, epochs=1, batch_size=200, schedule={"name": "cosine", "warmup_epochs": 0})
    record = train_cell(job, quiet)
    assert record["history"][0]["train_loss"] is not None
    assert record["status"] == "diverged"
    assert record["metrics"]["final"] is None


def test_a_bug_is_no_result(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(cell, "evaluate_split", broken)
    job = make_job("a", "mixer")
    with pytest.raises(ZeroDivisionError):
        train_cell(job, quiet)
    assert not job.record.exists()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"batch_size": 201}, "batch_size: 201 is not allowed; train has 200 images"),
        ({"schedule": {"name": "cosine", "warmup_epochs": 3}}, "warmup_epochs: 3.0"),
        ({"optimizer": {"name": "adamw", "betas": [0.9, 0.999]}}, "recipes.mini.optimizer: key 'eps' is missing"),
    ],
)
def test_knobs_that_do_not_fit(make_job: MakeJob, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        train_cell(make_job("a", "mixer", **changes), quiet)


def test_every_model_of_the_registry_trains(make_job: MakeJob) -> None:
    for arch in registry.names("models"):
        record = train_cell(make_job(arch, arch, epochs=2), quiet)
        assert record["status"] == "ok", arch
        assert len(record["history"]) == 2
