"""Fine-tuning: weights kept by one cell, or of another's making, and those of timm."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from tiny_cells import RECIPE, MakeJob, result

from lrwd import registry
from lrwd.atomic import sha256_file
from lrwd.errors import ConfigError, DataError
from lrwd.train.build import build_model, build_network
from lrwd.train.cell import Interrupted, Job, train_cell
from lrwd.train.diagnostics import weights_sha256
from lrwd.train.layer_kinds import by_kind
from lrwd.train.weights import load_weights, save_weights

pytestmark = pytest.mark.usefixtures("on_the_cpu")
State = dict[str, Any]
PRETRAINED = {**RECIPE, "start_from": {"timm": "pretrained"}}


def quiet(_: str) -> None:
    pass


def network(model: str = "resnet", num_classes: int = 10, seed: int = 0, **knobs: Any) -> torch.nn.Module:
    arch = {"name": "tiny", "model": model, "kind": "any", **registry.part("models", model).EXAMPLE, **knobs}
    return build_model(arch, num_classes, 8, 1, seed)


def load(model: torch.nn.Module, path: Path) -> None:
    load_weights(model, path, sha256_file(path), "recipes.tuned.start_from")


@pytest.fixture
def kept(make_job: MakeJob, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """The record of a cell that kept its weights, and their file."""
    job = make_job("base", "resnet", save_weights=True)
    job = Job(**{**vars(job), "weights": tmp_path / "weights" / "base.pt"})
    assert job.weights is not None
    return train_cell(job, quiet), job.weights


def tuned(make_job: MakeJob, name: str, weights: Path, **changes: Any) -> Job:
    job = make_job(name, "resnet", start_from={"weights": sha256_file(weights)}, **changes)
    return Job(**{**vars(job), "start": weights})


def test_a_cell_goes_on_from_the_weights_that_another_kept(make_job: MakeJob, kept: Any) -> None:
    base, path = kept
    record = train_cell(tuned(make_job, "tuned", path), quiet)
    assert record["start_sha256"] == base["weights_sha256"]
    assert base["start_sha256"] is None
    assert record["history"][0]["train_loss"] < base["history"][0]["train_loss"]
    # What is tuned depends on where one starts.
    assert record["weights_sha256"] != train_cell(make_job("scratch", "resnet"), quiet)["weights_sha256"]


def from_recipe(make_job: MakeJob, name: str, base: Path, weights: Path) -> Job:
    job = make_job(name, "resnet", start_from={"recipe": "mini"})
    return Job(**{**vars(job), "base": base, "start": weights})


def test_a_cell_goes_on_from_the_cell_of_another_recipe(make_job: MakeJob, kept: Any, tmp_path: Path) -> None:
    base, path = kept
    record = tmp_path / "runs" / "base.json"
    tuned_by_recipe = train_cell(from_recipe(make_job, "tuned", record, path), quiet)
    assert tuned_by_recipe["start_sha256"] == base["weights_sha256"]
    by_file = train_cell(tuned(make_job, "by_file", path), quiet)
    assert tuned_by_recipe["weights_sha256"] == by_file["weights_sha256"]
    save_weights(network(seed=5), path)
    with pytest.raises(DataError, match=r"base.pt: not the weights that .*base.json describes; train that cell again"):
        train_cell(from_recipe(make_job, "late", record, path), quiet)


def test_a_cell_without_a_base_to_start_from_has_diverged_too(make_job: MakeJob, tmp_path: Path) -> None:
    base = make_job("base", "resnet", lr=1e30)
    assert train_cell(base, quiet)["status"] == "diverged"
    record = train_cell(from_recipe(make_job, "tuned", base.record, tmp_path / "none.pt"), quiet)
    assert record["status"] == "diverged"
    assert record["reason"] == "the base cell (recipe mini) diverged, so there are no weights to start from"
    assert record["history"] == []


def test_keeping_weights_changes_no_result(make_job: MakeJob, kept: Any) -> None:
    base = result(train_cell(make_job("plain", "resnet"), quiet))
    assert {**kept[0], "spec": None}.items() >= {**base, "spec": None}.items()


def test_a_diverged_cell_keeps_no_weights(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job("a", "resnet", lr=1e30, save_weights=True)
    assert train_cell(Job(**{**vars(job), "weights": tmp_path / "a.pt"}), quiet)["status"] == "diverged"
    assert not (tmp_path / "a.pt").exists()


def test_a_fine_tuning_that_was_stopped(make_job: MakeJob, kept: Any) -> None:
    whole = train_cell(tuned(make_job, "whole", kept[1]), quiet)
    job = tuned(make_job, "stopped", kept[1])
    asked = iter(range(99))
    with pytest.raises(Interrupted):
        train_cell(job, quiet, lambda: next(asked) >= 5)
    assert json.dumps(result(train_cell(job, quiet))) == json.dumps(result(whole))


def test_a_file_that_changed_since_it_was_planned(make_job: MakeJob, kept: Any) -> None:
    job = tuned(make_job, "late", kept[1])
    save_weights(network(seed=5), kept[1])
    with pytest.raises(DataError, match="or not what it was when the training was planned"):
        train_cell(job, quiet)
    kept[1].unlink()
    with pytest.raises(DataError, match=r"base.pt: missing"):
        train_cell(job, quiet)


@pytest.mark.parametrize("model", registry.names("models"))
def test_every_model_takes_its_own_weights_and_makes_a_new_head(model: str, tmp_path: Path) -> None:
    source = network(model, seed=1)
    save_weights(source, tmp_path / "a.pt")
    same = network(model, seed=2)
    load(same, tmp_path / "a.pt")
    assert weights_sha256(same) == weights_sha256(source)
    other, fresh = network(model, num_classes=3, seed=2), network(model, num_classes=3, seed=2)
    load(other, tmp_path / "a.pt")
    new = [name for name, value in other.state_dict().items() if torch.equal(value, fresh.state_dict()[name])]
    head = [name for name, value in other.state_dict().items() if value.shape != source.state_dict()[name].shape]
    assert len(head) == 2
    assert set(head) <= set(new)
    for name, value in other.state_dict().items():
        assert name in head or torch.equal(value, source.state_dict()[name])


def test_the_same_weights_in_any_dress(tmp_path: Path) -> None:
    source = network(seed=1).state_dict()
    forms: dict[str, Callable[[Path], None]] = {
        "plain.pth": lambda path: torch.save(source, path),
        "script.pth.tar": lambda path: torch.save({"state_dict": source, "epoch": 3, "arch": "x"}, path),
        "parallel.pt": lambda path: torch.save({f"module.{name}": value for name, value in source.items()}, path),
        "a.safetensors": lambda path: safetensors.torch.save_file(source, path),
    }
    for name, write in forms.items():
        write(tmp_path / name)
        model = network(seed=2)
        load(model, tmp_path / name)
        assert all(torch.equal(value, source[key]) for key, value in model.state_dict().items()), name


def test_a_file_without_a_head(tmp_path: Path) -> None:
    source = {name: value for name, value in network(seed=1).state_dict().items() if not name.startswith("fc.")}
    torch.save(source, tmp_path / "a.pt")
    model = network(seed=2)
    load(model, tmp_path / "a.pt")
    assert torch.equal(model.state_dict()["fc.weight"], network(seed=2).state_dict()["fc.weight"])
    assert torch.equal(model.state_dict()["bn1.weight"], source["bn1.weight"])


def without(name: str) -> Callable[[State], State]:
    return lambda state: {key: value for key, value in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("layer1.0.conv1.weight"), "missing: layer1.0.conv1.weight"),
        (lambda state: {**state, "more.bias": torch.zeros(2)}, "not in the network: more.bias"),
        (lambda state: {**state, "bn1.bias": torch.zeros(3)}, "of another shape: bn1.bias"),
        (lambda state: network("vit").state_dict(), r"missing: .* and \d+ more; not in the network: .* and \d+ more"),
    ],
)
def test_weights_of_another_network(tmp_path: Path, change: Callable[[State], State], words: str) -> None:
    torch.save(change(network(seed=1).state_dict()), tmp_path / "a.pt")
    model = network(seed=2)
    before = weights_sha256(model)
    with pytest.raises(ConfigError, match=f"^recipes.tuned.start_from: .* not those of this network. {words}"):
        load(model, tmp_path / "a.pt")
    assert weights_sha256(model) == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read as weights"),
        (b"no weights", "cannot be read as weights"),
        (pickle.dumps({"a": Path()}, protocol=2), "cannot be read as weights"),  # would run code
    ],
)
def test_what_is_no_file_of_weights(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(DataError, match=words):
        load(network(), tmp_path / "a.pt")


def test_a_file_of_something_else_than_tensors(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "weight": torch.zeros(1)}, tmp_path / "a.pt")
    with pytest.raises(DataError, match="is no state dict: epoch"):
        load(network(), tmp_path / "a.pt")
    torch.save({}, tmp_path / "a.pt")
    with pytest.raises(DataError, match="is no state dict: empty"):
        load(network(), tmp_path / "a.pt")


def pretrained(timm_name: str) -> torch.nn.Module:
    arch = {"name": "x", "model": "timm_model", "kind": "any", "timm_name": timm_name, "kwargs": {}}
    return build_network(PRETRAINED, arch, num_classes=5, image_size=32, channels=1, seed=0)


def test_pretrained_weights_of_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub is stood for by a function that gives what it would: a network for 1,000 classes and three colours."""
    torch.manual_seed(3)
    hub = timm.create_model("test_resnet").state_dict()
    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", lambda *_, **__: dict(hub))
    model = pretrained("test_resnet").state_dict()
    assert torch.equal(model["layer1.0.conv1.weight"], hub["layer1.0.conv1.weight"])
    assert model["conv1.0.weight"].shape[1] == 1  # colours summed
    assert model["fc.weight"].shape[0] == 5


def test_pretrained_weights_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any, **__: Any) -> None:
        raise ConnectionError("no route to host")

    monkeypatch.setattr("timm.models._builder.load_state_dict_from_hf", no_network)
    words = r"weights of timm model 'test_resnet' cannot be loaded \(ConnectionError: no route to host\). .* start_from"
    with pytest.raises(DataError, match=words):
        pretrained("test_resnet")
    with pytest.raises(ConfigError, match="timm has no pretrained weights for 'resnet50t'"):
        pretrained("resnet50t")


def test_pretrained_weights_of_a_network_of_our_own() -> None:
    arch = {"name": "tiny", "model": "resnet", "kind": "any", **registry.part("models", "resnet").EXAMPLE}
    words = "recipes.mini.start_from: {'timm': 'pretrained'} is not allowed, as model 'resnet' has no such weights"
    with pytest.raises(ConfigError, match=words):
        build_network(PRETRAINED, arch, num_classes=10, image_size=8, channels=1, seed=0)


class Distilled(torch.nn.Module):
    """With two classifiers, as timm's distilled networks have them."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.body = torch.nn.Linear(3, 4)
        self.head = torch.nn.Linear(4, num_classes)
        self.head_dist = torch.nn.Linear(4, num_classes)

    def get_classifier(self) -> tuple[torch.nn.Module, torch.nn.Module]:
        return self.head, self.head_dist


def test_a_network_with_two_classifiers(tmp_path: Path) -> None:
    source, other = Distilled(10), Distilled(3)
    own = {name: value.clone() for name, value in other.state_dict().items()}
    save_weights(source, tmp_path / "weights.pt")
    load_weights(other, tmp_path / "weights.pt", None, "here")
    for name, value in other.state_dict().items():
        assert torch.equal(value, (own if name.startswith("head") else source.state_dict())[name])
    assert [len(params) for params in by_kind(other).values()] == [2, 1, 3]  # head, matrix, vector
