"""Knobs that do not fit are found before any training, and once."""

import sys
from pathlib import Path
from typing import Any

import pytest

from lrwd.errors import ConfigError
from lrwd.execution import preflight as check
from lrwd.study.load import load_study
from lrwd.study.study import Study

Config = dict[str, Any]


def groups(config: Config, name: str = "demo") -> list[dict[str, Any]]:
    study = load_study({**config, "study": name}, "config.yaml")
    specs = [study.spec(cell) for cell in study.one_cell_a_group()]
    return [{**spec, "entry": config["datasets"][spec["dataset"]["name"]], "start": None} for spec in specs]


@pytest.mark.parametrize("study", ["demo", "fashion", "smoke", "cifar100"])
def test_what_the_file_asks_for_can_be_built(config: Config, study: str) -> None:
    check.check_parts(groups(config, study))


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        ("datasets.digits", {"bogus": 1}, "datasets.digits: unknown key 'bogus'. Allowed: val_size, split_seed, mean"),
        ("datasets.digits", {"test_size": "900"}, "datasets.digits.test_size: '900' is not of type int"),
        ("datasets.digits", {"val_size": -1}, "datasets.digits: val_size: -1 is not allowed; it is a number of images"),
        ("architectures.vit_digits", {"bogus": 1}, "unknown key 'bogus'. Allowed: patch_size, embed_dim, depth"),
        ("architectures.vit_digits", {"patch_size": 3}, "patch_size 3 does not divide the image size 8; allowed: 1, 2"),
        ("recipes.short.optimizer", {"bogus": 1}, "recipes.short.optimizer: unknown key 'bogus'. Allowed: betas, eps"),
        ("recipes.short.optimizer", {"betas": [0.9, 1]}, "recipes.short.optimizer: betas: (0.9, 1.0) must be in"),
        ("recipes.short.optimizer", {"eps": True}, "recipes.short.optimizer.eps: True is not a number"),
        ("recipes.short.schedule", {"bogus": 1}, "recipes.short.schedule: unknown key 'bogus'. Allowed: warmup_epochs"),
        (
            "recipes.short.schedule",
            {"warmup_epochs": 99},
            "recipes.short.schedule: warmup_epochs: 99.0 (99000 steps) mu",
        ),
    ],
)
def test_a_knob_that_does_not_fit(config: Config, place: str, change: Config, words: str) -> None:
    entry = config
    for key in place.split("."):
        entry = entry[key]
    entry |= change
    with pytest.raises(ConfigError) as error:
        check.check_parts(groups(config))
    assert words in str(error.value)
    assert place in str(error.value)


@pytest.mark.parametrize("schedule", ["equal_weight", "equal_weight_both", "equal_weight_recursion"])
def test_equal_weights_and_a_decay_in_the_gradient(config: Config, schedule: str) -> None:
    config["recipes"]["short"] |= {"schedule": {"name": schedule, "warmup_epochs": 0}}
    check.check_parts(groups(config))
    config["recipes"]["short"] |= {"optimizer": {"name": "sgd_l2", "momentum": 0.9}}
    words = f"recipes.short.schedule.name: '{schedule}' is not allowed with optimizer 'sgd_l2', whose decay"
    with pytest.raises(ConfigError, match=words):
        check.check_parts(groups(config))


def test_an_augmentation_that_does_not_fit(config: Config) -> None:
    config["recipes"]["short"]["augment"]["cnn"] = [{"name": "crop", "padding": 0, "probability": 1}]
    with pytest.raises(ConfigError, match=r"recipes.short.augment.cnn: padding: 0 is not allowed"):
        check.check_parts(groups(config))


def test_an_augmentation_that_lacks_a_knob(config: Config) -> None:
    config["recipes"]["short"]["augment"]["mlp"] = [{"name": "crop", "padding": 1}]
    with pytest.raises(ConfigError, match=r"recipes.short.augment.mlp: key 'probability' is missing. Needed: "):
        check.check_parts(groups(config))


@pytest.mark.parametrize(
    ("recipe", "change", "words"),
    [("first", {"warmup_epochs": 99}, "warmup_epochs: 99.0"), ("refined", {"filter_width": 2}, "filter_width: 2.0 is")],
)
def test_a_knob_of_a_base_or_of_what_is_made_from_it(config: Config, recipe: str, change: Config, words: str) -> None:
    recipes, short = config["recipes"], config["recipes"]["short"]
    made_from_it = {"name": "warmup_decay_trace", "base": "first", "filter_width": 0.1}
    recipes["first"] = {**short, "schedule": dict(short["schedule"]), "gradient_trace": True}
    recipes["refined"] = {**short, "schedule": made_from_it}
    config["studies"]["demo"]["recipes"] = ["refined"]
    check.check_parts(groups(config))
    recipes[recipe]["schedule"] |= change
    with pytest.raises(ConfigError, match=f"recipes.{recipe}.schedule: {words}"):
        check.check_parts(groups(config))


def test_an_architecture_that_does_not_fit_names_the_data_set(config: Config) -> None:
    config["architectures"]["vit_digits"]["patch_size"] = 3
    with pytest.raises(ConfigError, match=r"^architectures.vit_digits on data set digits: patch_size 3"):
        check.check_parts(groups(config))


@pytest.fixture
def study(config: Config, tmp_path: Path) -> Study:
    config["results"] = str(tmp_path)
    config["studies"]["demo"]["architectures"] = ["mixer_digits"]
    return load_study({**config, "study": "demo"}, "config.yaml")


def test_checked_once_for_the_same_knobs(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check.check_parts_once([study], "mine.yaml")
    (stamp,) = (tmp_path / "checked").iterdir()
    assert "mixer_digits" in stamp.read_text()
    monkeypatch.setattr(sys, "executable", "/no/such/interpreter")
    check.check_parts_once([study], "mine.yaml")  # asks no process: the stamp is there
    study.config["recipes"]["short"]["schedule"]["warmup_epochs"] = 0.5
    study._spec_cache.clear()
    with pytest.raises(FileNotFoundError):
        check.check_parts_once([study], "mine.yaml")


def test_a_refusal_comes_back_from_the_process_and_leaves_no_stamp(study: Study, tmp_path: Path) -> None:
    study.config["architectures"]["mixer_digits"]["patch_size"] = 5
    with pytest.raises(
        ConfigError, match=r"^mine.yaml: architectures.mixer_digits on data set digits: patch_size 5 does not"
    ):
        check.check_parts_once([study], "mine.yaml")
    assert not (tmp_path / "checked").exists()
