"""The real configuration with something changed, and what is said of it."""

from collections.abc import Callable
from typing import Any

import pytest

from lrwd.errors import ConfigError
from lrwd.study.load import load_study
from lrwd.study.study import Study

Config = dict[str, Any]
# A group of the demo.
DEMO = ("digits", "resnet_digits", "short")
# The demo's own regime may be tuned; the tests have theirs.
TESTED: Config = {
    "title": "Five small networks on digits",
    "datasets": ["digits"],
    "architectures": ["resnet_digits", "vit_digits", "convnext_digits", "mixer_digits", "swin_digits"],
    "recipes": ["short"],
    "grid": {"lr": [0.002, 0.005, 0.01, 0.02, 0.05], "wd": [0.3, 1, 3, 10, 30]},
    "seeds": [0, 1, 2],
    "selection": {"split": "val", "epoch": "final"},
    "on_ratio": {"ratio": "estimated", "kappas": [0.1, 1, 5]},
}
GRID = {"grid": {"lr": [0.001, 0.003, 0.01, 0.03], "wd": [0.1, 0.4, 1.6, 6.4, 25.6]}, "seeds": [0, 1, 2]}


def study(config: Config, name: str, **changes: Any) -> Study:
    """A study of the configuration, with some of its keys changed."""
    config["studies"][name] |= {**(GRID if name == "demo" else {}), **changes}
    return load_study({**config, "study": name}, "config.yaml")


def on_line(*values: float, ratio: Any = 0.1) -> dict[str, Any]:
    """The key on_ratio of a study."""
    return {"ratio": ratio, "kappas": list(values)}


def put(path: str, value: Any) -> Callable[[Config], None]:
    """A change of the configuration: set the key at a dotted path."""

    def change(config: Config) -> None:
        *folders, key = path.split(".")
        for folder in folders:
            config = config[folder]
        config[key] = value

    return change


def remove(path: str) -> Callable[[Config], None]:
    """A change of the configuration: leave a key out."""

    def change(config: Config) -> None:
        *folders, key = path.split(".")
        for folder in folders:
            config = config[folder]
        del config[key]

    return change


def refusal(config: Config, *changes: Callable[[Config], None]) -> str:
    """What is said of a changed configuration; every message opens with the file's name."""
    for change in changes:
        change(config)
    with pytest.raises(ConfigError) as error:
        load_study(config, "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ")
    return str(error.value)
