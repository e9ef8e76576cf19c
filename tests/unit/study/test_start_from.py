"""The file that a fine-tuning starts from is known by its content."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest
from configured import Config, study

from lrwd.errors import ConfigError
from lrwd.study.paths import weights_path
from lrwd.study.recipe import start_file


def in_spec(config: Config, start: object) -> object:
    config["recipes"]["short"]["start_from"] = start
    loaded = study(config, "demo")
    return loaded.spec(loaded.grid_cells[0])["recipe"]["start_from"]


def test_the_content_is_in_the_spec_and_the_place_is_not(config: Config, tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        (tmp_path / name).write_bytes(b"some weights")
        assert in_spec(config, {"weights": str(tmp_path / name)}) == {
            "weights": hashlib.sha256(b"some weights").hexdigest()
        }
        assert start_file(config["recipes"]["short"]) == str(tmp_path / name)


def test_what_is_no_file_is_as_it_stands(config: Config) -> None:
    for start in ("scratch", {"timm": "pretrained"}):
        assert in_spec(config, start) == start
        assert start_file(config["recipes"]["short"]) is None


def base_of_noise(config: Config, **base: Any) -> None:
    """Have the demo's recipe start from the weights of another one."""
    recipes = config["recipes"]
    recipes["noisy"] = {**recipes["short"], "epochs": 7, "save_weights": True, **base}
    recipes["short"]["start_from"] = {"recipe": "noisy"}


def test_another_recipes_cells_are_trained_first(config: Config) -> None:
    base_of_noise(config)
    loaded = study(config, "demo")
    cell = loaded.grid_cells[0]
    base = loaded.base_cell(cell)
    assert base == dataclasses.replace(cell, recipe="noisy")
    spec = loaded.spec(cell)
    assert spec["recipe"]["start_from"] == {"recipe": "noisy"}
    assert (spec["base"]["name"], spec["base"]["epochs"]) == ("noisy", 7)  # it may be of another length
    assert weights_path("r", base).startswith("r/weights/digits/resnet_digits/noisy/lr")


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ({"save_weights": False}, "'noisy' is not allowed, as it saves no weights; it needs save_weights: true"),
        ({"start_from": {"recipe": "short"}}, "'noisy' is not allowed, as it needs another training itself"),
    ],
)
def test_a_recipe_that_cannot_be_started_from(config: Config, base: dict[str, Any], words: str) -> None:
    base_of_noise(config, **base)
    with pytest.raises(ConfigError, match=f"recipes.short.start_from.recipe: {words}"):
        study(config, "demo")


def test_a_recipe_that_there_is_not(config: Config) -> None:
    config["recipes"]["short"]["start_from"] = {"recipe": "smok"}
    with pytest.raises(ConfigError, match=r"recipes.short.start_from.recipe: Unknown recipe 'smok'. Available: "):
        study(config, "demo")


def test_a_missing_file(config: Config, tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with pytest.raises(ConfigError, match=rf"recipes.short.start_from.weights: '{path}' does not exist \(looked in"):
        in_spec(config, {"weights": str(path)})
