"""Parts are found by file name; their knobs are all needed, all known, and of their type."""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lrwd import registry
from lrwd.errors import ConfigError

PART = '''
"""A schedule of the test's own."""
from dataclasses import dataclass
from typing import Any
from lrwd.errors import ConfigError

@dataclass(frozen=True)
class Config:
    rate: float
    count: int
    flag: bool
    word: str
    pair: tuple[float, float]
    many: tuple[int, ...]
    maybe: tuple[float, ...] | None
    either: int | str
    extra: dict[str, Any]

    def __post_init__(self):
        if self.rate < 0:
            raise ConfigError(f"rate: {self.rate!r} is negative")
'''
KNOBS: dict[str, Any] = {
    "rate": 0.5,
    "count": 3,
    "flag": True,
    "word": "w",
    "pair": [1, 2],
    "many": [1, 2, 3],
    "maybe": None,
    "either": "x",
    "extra": {"a": [1]},
}
WHERE = "recipes.mine.schedule"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of schedules, in the place of the package's own."""
    folder = tmp_path / "schedules"
    folder.mkdir()
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    import lrwd.schedules

    monkeypatch.setattr(lrwd.schedules, "__path__", [str(folder)])
    (folder / "mine.py").write_text(PART)
    yield folder
    sys.modules.pop("lrwd.schedules.mine", None)


@pytest.fixture
def module(package: Path) -> Any:
    return registry.part("schedules", "mine")


def test_a_file_is_a_part(package: Path) -> None:
    (package / "_shared.py").touch()
    (package / "__init__.py").touch()
    (package / "another.py").touch()
    (package / "notes.txt").touch()
    assert registry.names("schedules") == ["another", "mine"]
    assert registry.part("schedules", "mine").Config.__name__ == "Config"


@pytest.mark.parametrize("name", ["cosin", "_shared", "", "../models/vit", None, 3])
def test_an_unknown_name_is_answered_with_the_known_ones(package: Path, name: Any) -> None:
    with pytest.raises(ConfigError) as error:
        registry.part("schedules", name)
    assert str(error.value) == f"Unknown schedule {name!r}. Available: mine"


def test_every_folder_of_parts_has_a_word_for_messages() -> None:
    for folder, word in registry.KINDS.items():
        assert registry.names(folder), folder
        with pytest.raises(ConfigError, match=f"x.y: Unknown {word} 'nothing'"):
            registry.check_name(folder, "nothing", "x.y")


def test_knobs_become_a_config_that_can_be_hashed(module: Any) -> None:
    config = registry.build_config(module, {**KNOBS, "extra": {}}, WHERE)
    assert config.pair == (1.0, 2.0)
    assert type(config.pair[0]) is float
    assert config.many == (1, 2, 3)
    assert config.maybe is None
    assert registry.build_config(module, {**KNOBS, "maybe": [1, 2]}, WHERE).maybe == (1.0, 2.0)
    assert registry.build_config(module, {**KNOBS, "either": 4}, WHERE).either == 4


@pytest.mark.parametrize(("text", "value"), [("5e-5", 5e-5), ("1E3", 1000.0), (2, 2.0)])
def test_numbers_that_yaml_reads_as_text(module: Any, text: Any, value: float) -> None:
    rate = registry.build_config(module, {**KNOBS, "rate": text}, WHERE).rate
    assert type(rate) is float
    assert rate == value


def test_unknown_key(module: Any) -> None:
    with pytest.raises(ConfigError) as error:
        registry.build_config(module, {**KNOBS, "rat": 1.0}, WHERE)
    assert str(error.value) == f"{WHERE}: unknown key 'rat'. Allowed: {', '.join(KNOBS)}"


@pytest.mark.parametrize("key", KNOBS)
def test_missing_key(module: Any, key: str) -> None:
    with pytest.raises(ConfigError, match=f"{WHERE}: key '{key}' is missing. Needed: rate, count"):
        registry.build_config(module, {name: value for name, value in KNOBS.items() if name != key}, WHERE)


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("rate", True, "True is not a number"),
        ("rate", "fast", "'fast' is not a number"),
        ("rate", None, "None is not a number"),
        ("rate", [1.0], r"\[1.0\] is not a number"),
        ("rate", "nan", "'nan' is not a number"),
        ("rate", float("inf"), "inf is not a number"),
        ("rate", 10**400, "10+ is not a number"),
        ("count", True, "True is not of type int"),
        ("count", 3.0, "3.0 is not of type int"),
        ("count", "3", "'3' is not of type int"),
        ("flag", 1, "1 is not of type bool"),
        ("flag", "yes", "'yes' is not of type bool"),
        ("word", 1, "1 is not of type str"),
        ("pair", [1], r"\[1\] is not of type tuple\[float, float\]"),
        ("pair", 1.0, "1.0 is not of type tuple"),
        ("many", [1, 2.5], "2.5 is not of type int"),
        ("maybe", "no", "'no' is not of type tuple"),
        ("either", 1.5, "1.5 is not of type str"),
        ("extra", [1], r"\[1\] is not of type dict"),
    ],
)
def test_wrong_type(module: Any, key: str, value: Any, what: str) -> None:
    with pytest.raises(ConfigError, match=rf"{WHERE}\.{key}: {what}"):
        registry.build_config(module, {**KNOBS, key: value}, WHERE)


def test_what_a_part_refuses_names_the_place(module: Any) -> None:
    with pytest.raises(ConfigError, match=f"^{WHERE}: rate: -1.0 is negative$"):
        registry.build_config(module, {**KNOBS, "rate": -1}, WHERE)


def test_no_knob_of_any_part_has_a_default() -> None:
    for folder in ("augment", "data", "models", "optim", "schedules"):
        for name in registry.names(folder):
            module = registry.part(folder, name)
            if dataclasses.fields(module.Config):  # some schedules have no knobs
                with pytest.raises(ConfigError, match="is missing"):
                    registry.build_config(module, {}, f"{folder}.{name}")


RESERVED = {"name", "label", "kind", "model", "source", "num_train", "extends"}


@pytest.mark.parametrize("folder", ["augment", "data", "models", "optim", "schedules"])
def test_no_knob_has_a_name_that_config_yaml_uses_for_itself(folder: str) -> None:
    for name in registry.names(folder):
        fields = {field.name for field in dataclasses.fields(registry.part(folder, name).Config)}
        assert not fields & RESERVED, f"{folder}/{name}.py"
