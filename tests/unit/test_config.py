"""What is wrong in config.yaml is said with its file, key and value, and with what is allowed."""

from collections.abc import Callable
from typing import Any

import pytest

from lrwd.config import load_study
from lrwd.errors import ConfigError

Config = dict[str, Any]


def put(path: str, value: Any) -> Callable[[Config], None]:
    """A change of the configuration: set the key at a dotted path."""

    def change(config: Config) -> None:
        *folders, key = path.split(".")
        for folder in folders:
            config = config[folder]
        config[key] = value

    return change


def remove(path: str) -> Callable[[Config], None]:
    def change(config: Config) -> None:
        *folders, key = path.split(".")
        for folder in folders:
            config = config[folder]
        del config[key]

    return change


def refusal(config: Config, *changes: Callable[[Config], None]) -> str:
    for change in changes:
        change(config)
    with pytest.raises(ConfigError) as error:
        load_study(config, "mine.yaml")
    assert str(error.value).startswith("mine.yaml: ")
    return str(error.value)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("bogus", "study, results, pathvars, execution, design, studies"),
        ("execution.bogus", "warm_start, checkpoint_sec, loader_workers"),
        ("studies.demo.bogus", "title, datasets, architectures, recipes, grid, seeds, selection, on_ratio"),
        ("studies.paper.bogus", "title, parts"),
        ("studies.demo.grid.bogus", "lr, wd, wd_over_lr, timescale_epochs"),
        ("studies.demo.selection.bogus", "split, epoch"),
        ("studies.demo.on_ratio.bogus", "ratio, kappas"),
        ("recipes.short.bogus", "epochs, eval_every, batch_size"),
        ("recipes.short.augment.bogus", "cnn, transformer, mlp"),
        ("recipes.short.label_noise.bogus", "fraction, seed"),
    ],
)
def test_unknown_key(config: Config, path: str, allowed: str) -> None:
    place = path.rpartition(".")[0] or "top level"
    assert f"{place}: unknown key 'bogus'. Allowed: {allowed}" in refusal(config, put(path, 1))


@pytest.mark.parametrize("path", ["results", "studies.demo.seeds", "recipes.short.decay", "datasets.digits.source"])
def test_missing_key(config: Config, path: str) -> None:
    place, _, key = path.rpartition(".")
    assert f"{place or 'top level'}: key '{key}' is missing" in refusal(config, remove(path))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("study", "dmeo", "study: Unknown study 'dmeo'. Available: demo, fashion, paper"),
        ("studies.demo.datasets", ["digit"], "studies.demo.datasets: Unknown data set 'digit'. Available: digits"),
        (
            "studies.demo.architectures",
            ["resnet_digits", "vit"],
            "studies.demo.architectures: Unknown architecture 'vit'. Available: resnet_digits, vit_digits",
        ),
        ("studies.demo.recipes", ["shrt"], "studies.demo.recipes: Unknown recipe 'shrt'. Available: short"),
        ("datasets.digits.source", "digts", "datasets.digits.source: Unknown data source 'digts'. Available: cifar100"),
        (
            "architectures.vit_digits.model",
            "vti",
            "architectures.vit_digits.model: Unknown model 'vti'. Available: conv",
        ),
        ("recipes.short.optimizer.name", "adam", "recipes.short.optimizer.name: Unknown optimizer 'adam'. Available: "),
        ("recipes.short.schedule.name", "wsd2", "recipes.short.schedule.name: Unknown schedule 'wsd2'. Available: "),
        (
            "recipes.short.augment.cnn",
            [{"name": "crops"}],
            "recipes.short.augment.cnn: Unknown augmentation 'crops'. Available: color_jitter, crop",
        ),
        ("recipes.short.decay", "some", "recipes.short.decay: 'some' is not allowed. Allowed: all, matrices"),
        ("recipes.short.precision", "fp8", "recipes.short.precision: 'fp8' is not allowed. Allowed: fp32, bf16"),
        ("architectures.vit_digits.kind", "rnn", "architectures.vit_digits.kind: 'rnn' is not allowed. Allowed: cnn,"),
        (
            "studies.demo.selection.split",
            "dev",
            "studies.demo.selection.split: 'dev' is not allowed. Allowed: val, test",
        ),
        ("studies.demo.selection.epoch", "last", "epoch: 'last' is not allowed. Allowed: final, best"),
    ],
)
def test_misspelt_name(config: Config, path: str, value: Any, words: str) -> None:
    assert words in refusal(config, put(path, value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("lr", [-0.001], "grid.lr: -0.001 is not allowed; values must be > 0"),
        ("lr", [0.1, 0], "grid.lr: 0 is not allowed; values must be > 0"),
        ("lr", ["fast"], "grid.lr: 'fast' is not a number"),
        ("lr", [True], "grid.lr.0: True is not of type 'number', 'string'"),
        ("lr", ["nan"], "grid.lr: 'nan' is not a number"),
        ("lr", 0.1, "grid.lr: 0.1 is not of type 'array'"),
        ("lr", [], "grid.lr: the list is empty; give at least one value"),
        ("lr", ["1e-3", 0.001], "grid.lr: 0.001 appears more than once (also as '1e-3')"),
        ("wd", [-1], "grid.wd: -1 is not allowed; values must be >= 0"),
        ("wd", ["strong"], "grid.wd: 'strong' is not a number"),
        ("wd", [None], "grid.wd.0: None is not of type 'number', 'string'"),
        ("wd", [float("inf")], "grid.wd: inf is not a number"),
        ("wd", [], "grid.wd: the list is empty"),
        ("wd", [1, 0.1, 1.0], "grid.wd: 1.0 appears more than once (also as 1)"),
        ("wd", [0, -0.0], "grid.wd: -0.0 appears more than once (also as 0)"),
    ],
)
def test_grid_values(config: Config, path: str, value: Any, words: str) -> None:
    assert f"studies.demo.{words}" in refusal(config, put(f"studies.demo.grid.{path}", value))


def test_text_that_is_a_number_is_one(config: Config) -> None:
    put("studies.demo.grid.lr", ["5e-5", 1e-3])(config)
    assert load_study(config, "mine.yaml").parts[0].lrs == (5e-5, 1e-3)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "the list is empty; give at least one value"),
        ([0, 1, 0], "0 appears more than once"),
        ([-1], "-1 is less than the minimum of 0"),
        (["a"], "'a' is not of type 'integer'"),
        ([1.0], "1.0 is not of type 'integer'"),
        ([True], "True is not of type 'integer'"),
        ([10**16], "10000000000000000 is greater than the maximum"),  # its path would be written 1e+16
        (3, "3 is not of type 'array'"),
    ],
)
def test_seeds(config: Config, value: Any, words: str) -> None:
    message = refusal(config, put("studies.demo.seeds", value))
    assert "studies.demo.seeds" in message
    assert words in message


@pytest.mark.parametrize("key", ["datasets", "architectures", "recipes"])
def test_lists_of_names(config: Config, key: str) -> None:
    names = config["studies"]["demo"][key]
    twice = refusal(config, put(f"studies.demo.{key}", [names[0], names[0]]))
    assert f"studies.demo.{key}: '{names[0]}' appears more than once" in twice
    assert f"studies.demo.{key}: the list is empty" in refusal(config, put(f"studies.demo.{key}", []))


@pytest.mark.parametrize(
    ("ratio", "kappas", "words"),
    [
        ("estimatd", [1], "on_ratio.ratio (a number or 'estimated'): 'estimatd' is not a number"),
        (-0.1, [1], "on_ratio.ratio (a number or 'estimated'): -0.1 is not allowed; values must be > 0"),
        (0.1, [0], "on_ratio.kappas: 0 is not allowed; values must be > 0"),
        (0.1, [1, "1.0"], "on_ratio.kappas: '1.0' appears more than once (also as 1)"),
    ],
)
def test_line(config: Config, ratio: Any, kappas: Any, words: str) -> None:
    message = refusal(config, put("studies.demo.on_ratio", {"ratio": ratio, "kappas": kappas}))
    assert f"studies.demo.{words}" in message


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("epochs", 0, "0 is less than the minimum of 1"),
        ("epochs", 14.0, "14.0 is not of type 'integer'"),
        ("batch_size", "50", "'50' is not of type 'integer'"),
        ("eval_every", -2, "-2 is less than the minimum of 1"),
        ("label_noise.fraction", 1, "1 is greater than or equal to the maximum of 1"),
        ("label_noise.fraction", -0.1, "-0.1 is less than the minimum of 0"),
        ("channels_last", "no", "'no' is not of type 'boolean'"),
    ],
)
def test_recipe_values(config: Config, path: str, value: Any, words: str) -> None:
    assert f"recipes.short.{path}: {words}" in refusal(config, put(f"recipes.short.{path}", value))


def test_exactly_one_axis(config: Config) -> None:
    put("studies.demo.grid", {"lr": [0.1], "wd": [1], "wd_over_lr": [1]})(config)
    words = "studies.demo.grid: give exactly one of wd, wd_over_lr, timescale_epochs"
    assert f"{words} (found: wd, wd_over_lr)" in refusal(config)
    assert f"{words} (found: none)" in refusal(config, put("studies.demo.grid", {"lr": [0.1]}))


@pytest.mark.parametrize("num_train", [None, "500", 500.0, -500, 0, 49])
def test_a_time_scale_needs_the_number_of_training_images(config: Config, num_train: Any) -> None:
    put("studies.demo.grid", {"lr": [0.1], "timescale_epochs": [1, 10]})(config)
    put("recipes.short.batch_size", 50)(config)
    if num_train is None:
        assert "studies.demo.grid.timescale_epochs: datasets.digits needs a num_train" in refusal(config)
    else:
        message = refusal(config, put("datasets.digits.num_train", num_train))
        assert f"datasets.digits.num_train: {num_train!r} is not allowed" in message
        assert "at least the 50 of a batch of recipes.short" in message


def test_a_time_scale_is_above_zero(config: Config) -> None:
    message = refusal(config, put("studies.demo.grid", {"lr": [0.1], "timescale_epochs": [0]}))
    assert "studies.demo.grid.timescale_epochs: 0 is not allowed; values must be > 0" in message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (["paper"], "studies.paper: a study made of parts cannot be a part itself"),
        (["demo", "dmeo"], "studies.mine.parts: Unknown study 'dmeo'. Available: demo"),
        (["demo", "demo"], "studies.mine.parts: 'demo' appears more than once"),
        ([], "studies.mine.parts: the list is empty"),
        (
            ["cifar100", "cifar100_wide"],
            "studies.mine.parts: cifar100/resnet50_px32/cifar100_paper is in studies.cifar",
        ),
    ],
)
def test_studies_of_parts(config: Config, parts: list[str], words: str) -> None:
    put("studies.mine", {"title": "x", "parts": parts})(config)
    assert words in refusal(config, put("study", "mine"))


@pytest.mark.parametrize("place", ["studies", "datasets", "architectures", "recipes"])
def test_names_can_be_part_of_a_path(config: Config, place: str) -> None:
    entry = next(iter(config[place].values()))
    message = refusal(config, put(f"{place}.Mine/yours", entry))
    assert place in message
    assert "'Mine/yours' does not match '^[a-z0-9][a-z0-9_]*$'" in message


def test_all_problems_are_told_at_once(config: Config) -> None:
    message = refusal(config, put("bogus", 1), put("recipes.short.epochs", 0), put("execution.checkpoint_sec", -1))
    assert all(words in message for words in ("'bogus'", "recipes.short.epochs", "execution.checkpoint_sec"))


def test_every_study_of_the_file_loads(config: Config) -> None:
    for name in config["studies"]:
        assert load_study({**config, "study": name}, "config.yaml").name == name
