"""What is remembered of a training's batches, and in which order it saw them."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from tiny_cells import MakeJob, result
from torch.nn import functional

from lrwd.data._label_noise import flip
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError
from lrwd.train import cell
from lrwd.train.batches import Batches
from lrwd.train.build import build_cell, build_model
from lrwd.train.cell import Interrupted, train_cell
from lrwd.train.layer_kinds import by_kind

pytestmark = pytest.mark.usefixtures("on_the_cpu")
ONCE: dict[str, Any] = {"epochs": 1, "measure_memory": True, "schedule": {"name": "cosine", "warmup_epochs": 0.5}}
NOISE = {"fraction": 0.4, "seed": 3}


def quiet(_: str) -> None:
    pass


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[torch.nn.Module]:
    """The networks that are trained in this test."""
    kept: list[torch.nn.Module] = []

    def keep(built: Any, noise: float) -> dict[str, Any]:
        kept.append(built.model)
        return measure(built, noise)

    measure = cell.measure_memorization
    monkeypatch.setattr(cell, "measure_memorization", keep)
    return kept


@pytest.mark.parametrize("batch_size", [4, 50])
def test_losses_are_those_of_the_final_network(
    make_job: MakeJob, trained: list[torch.nn.Module], batch_size: int
) -> None:
    """Against one forward pass a batch, with torch's own cross-entropy."""
    job = make_job("a", "resnet", **ONCE, label_noise=NOISE, batch_size=batch_size)
    memory = train_cell(job, quiet)["memory"]
    (model,) = trained
    model.eval()
    built = build_cell(job.spec, job.data, torch.device("cpu"), 0)
    assert len(memory["loss"]) == len(memory["lr"]) == len(memory["wd"]) == built.num_steps == 200 // batch_size
    truth = built.train.true_labels(0)
    for step, (images, labels) in enumerate(built.train.epoch(0)):
        with torch.no_grad():
            logits = model(images)
        assert memory["loss"][step] == pytest.approx(functional.cross_entropy(logits, labels).item(), rel=1e-4)
        margins = []
        for row, label, true in zip(logits.double(), labels.tolist(), truth[step].tolist(), strict=True):
            if label != true:
                others = [k for k in range(10) if k not in (label, true)]
                margins.append((row[label] - row[others].mean()).item())
        assert memory["num_wrong"][step] == len(margins)
        expected = None if not margins else pytest.approx(np.mean(margins), rel=1e-3, abs=1e-5)
        assert memory["label_margin"][step] == expected
    assert sum(memory["num_wrong"]) == 80
    assert memory["lr"] == pytest.approx([0.01 * share for share in shares(built.num_steps)])
    assert memory["wd"] == [0.5] * built.num_steps


def shares(num_steps: int) -> list[float]:
    warmup = num_steps // 2
    ramp = [(step + 1) / warmup for step in range(warmup)]
    return [*ramp, *(0.5 * (1 + np.cos(np.pi * step / (num_steps - warmup))) for step in range(num_steps - warmup))]


def test_the_loss_on_unseen_images_expects_the_same_noise(make_job: MakeJob, trained: list[torch.nn.Module]) -> None:
    memory = train_cell(make_job("a", "mixer", **ONCE, label_noise=NOISE), quiet)["memory"]
    job = make_job("b", "mixer")
    built = build_cell(job.spec, job.data, torch.device("cpu"), 0)
    drawn = []
    with torch.no_grad():
        pairs = [(trained[0].eval()(images), labels.numpy()) for images, labels in built.eval_batches("test") or ()]
    for seed in range(40):
        losses = [
            functional.cross_entropy(logits, torch.from_numpy(flip(labels, 10, 0.4, seed)), reduction="sum").item()
            for logits, labels in pairs
        ]
        drawn.append(sum(losses) / 1500)
    assert memory["unseen_loss"] == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 40**0.5)


def test_measuring_changes_nothing_and_survives_an_interruption(make_job: MakeJob) -> None:
    plain = train_cell(make_job("plain", "mixer", **{**ONCE, "measure_memory": False}), quiet)
    measured = train_cell(make_job("measured", "mixer", **ONCE), quiet)
    assert "memory" not in plain
    assert plain["weights_sha256"] == measured["weights_sha256"]
    job, asked = make_job("stopped", "mixer", **ONCE), iter([False, True, True])
    with pytest.raises(Interrupted):
        train_cell(job, quiet, lambda: next(asked, True))
    assert json.dumps(result(train_cell(job, quiet))) == json.dumps(result(measured))


def test_a_diverged_network_remembers_nothing(make_job: MakeJob) -> None:
    assert train_cell(make_job("a", "mixer", **ONCE, lr=1e30), quiet)["memory"] is None


@pytest.mark.parametrize("order", ["clean_first", "clean_last"])
def test_order(make_job: MakeJob, order: str) -> None:
    data, cpu = open_prepared(make_job("a", "mixer").data, verify=False), torch.device("cpu")

    def batches(order: str, seed: int = 0) -> Batches:
        return Batches(data, "train", 30, [], seed, cpu, 0, label_noise=(0.4, 3), order=order)

    def wrong(feed: Batches, epoch: int) -> list[bool]:
        labels = torch.cat([labels for _, labels in feed.epoch(epoch)])
        return (labels != feed.true_labels(epoch).flatten()).tolist()

    def images(feed: Batches, epoch: int, first_step: int = 0) -> torch.Tensor:
        return torch.cat([images for images, _ in feed.epoch(epoch, first_step)])

    feed = batches(order)
    found = wrong(feed, 0)
    assert found == sorted(found, reverse=order == "clean_last")
    assert 0 < sum(found) < len(found) == 180
    # The same images as shuffled, in another order at every epoch and for every seed, and from any step on.
    assert sorted(map(float, images(feed, 0).sum((1, 2, 3)))) == sorted(
        map(float, images(batches("shuffled"), 0).sum((1, 2, 3)))
    )
    assert not torch.equal(images(feed, 0), images(feed, 1))
    assert not torch.equal(images(feed, 0), images(batches(order, seed=1), 0))
    assert torch.equal(images(feed, 0, 4), images(feed, 0)[120:])


def test_an_order_that_is_none(make_job: MakeJob) -> None:
    with pytest.raises(ConfigError, match="order: 'sorted' is not allowed"):
        train_cell(make_job("a", "mixer", order="sorted"), quiet)


@pytest.mark.parametrize(
    ("arch", "kinds"),
    [
        ("vit", {"embedding", "head", "matrix", "position", "vector"}),
        ("mixer", {"embedding", "head", "matrix", "vector"}),
        ("resnet", {"head", "matrix", "vector"}),
        ("convnext", {"head", "matrix", "vector"}),
        ("swin", {"embedding", "head", "matrix", "vector"}),
    ],
)
def test_weight_rms_by_kind_of_layer(make_job: MakeJob, arch: str, kinds: set[str]) -> None:
    job = make_job("a", arch, epochs=2)
    record = train_cell(job, quiet)
    model = build_model(job.spec["arch"], 10, 8, 1, seed=0)
    found = by_kind(model)
    assert sum(param.numel() for params in found.values() for param in params) == record["num_params"]
    assert set(found) == set(record["history"][0]["weight_rms_by_kind"]) == set(record["initial_rms"]) == kinds
    for kind, params in found.items():
        flat = torch.cat([param.detach().flatten() for param in params])
        assert record["initial_rms"][kind] == pytest.approx(flat.square().mean().sqrt().item(), rel=1e-5)
    assert record["history"][0]["weight_rms_by_kind"] != record["initial_rms"]
