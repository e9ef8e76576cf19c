"""What is wrong in the configuration's numbers is said with file, key and value, and with what is allowed."""

from typing import Any

import pytest
from configured import Config, put, refusal

from lrwd.study.load import load_study


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
        ("mix.mixup", -0.2, "-0.2 is less than the minimum of 0"),
        ("mix.cutmix", "1", "'1' is not of type 'number'"),
        ("subsample.fraction", 0, "0 is less than or equal to the minimum of 0"),
        ("subsample.fraction", 1.5, "1.5 is greater than the maximum of 1"),
        ("subsample.imbalance", 0.01, "0.01 is less than the minimum of 1"),
        ("start_from", 3, "3 is not of type 'string', 'object'"),
        ("start_from", "scrach", "'scrach' is not allowed. Allowed: scratch, {timm: pretrained}, {weights: a file"),
        ("start_from", {"timm": True}, "True is not allowed. Allowed: pretrained"),
        ("start_from", {"file": "x"}, "unknown key 'file'. Allowed: timm, recipe, weights"),
        ("start_from", {"timm": "pretrained", "weights": "x"}, "has too many properties"),
        ("label_smoothing", 1, "1 is greater than or equal to the maximum of 1"),
        ("drop_path", 1, "1 is greater than or equal to the maximum of 1"),
        ("channels_last", "no", "'no' is not of type 'boolean'"),
    ],
)
def test_recipe_values(config: Config, path: str, value: Any, words: str) -> None:
    message = refusal(config, put(f"recipes.short.{path}", value))
    assert f"recipes.short.{path}" in message
    assert words in message


def test_exactly_one_axis(config: Config) -> None:
    put("studies.demo.grid", {"lr": [0.1], "wd": [1], "wd_over_lr": [1]})(config)
    words = "studies.demo.grid: give exactly one of wd, wd_over_lr, timescale_epochs, sequential"
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


def test_a_time_scale_with_a_long_tail_needs_the_images_of_each_class(config: Config) -> None:
    put("studies.demo.grid", {"lr": [0.1], "timescale_epochs": [1]})(config)
    put("recipes.short.subsample", {"fraction": 0.5, "imbalance": 10, "seed": 0})(config)
    put("recipes.short.batch_size", 20)(config)
    message = refusal(config, put("datasets.digits.num_train", 1000))
    words = "1000 is not allowed with recipes.short.subsample.imbalance; a list, one number a class"
    assert f"datasets.digits.num_train: {words}" in message
    put("datasets.digits.num_train", [100] * 10)(config)
    # 50 of each class, then 50, 38, 29, 23, 17, 13, 10, 8, 6, 5: 199 images, 9 steps of 20.
    (wd,) = {cell.wd for cell in load_study(config, "mine.yaml").grid_cells}
    assert wd == pytest.approx(1 / (0.1 * 9), rel=1e-5)
    message = refusal(config, put("recipes.short.batch_size", 200))
    assert "has 199 images to train on (of 1000, by recipes.short.subsample): 1 to 199" in message
    put("recipes.short.subsample.imbalance", 1000)(config)
    assert "leave class 6 without an image (of 100)" in refusal(config)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measure_memory": True}, "measure_memory: true is not allowed with epochs: 20"),
        ({"measure_memory": True, "epochs": 1, "micro_batch": 10}, "is not allowed with micro_batch: 10"),
        ({"order": "clean_last", "label_noise": {"fraction": 0, "seed": 0}}, "order: 'clean_last' is not allowed with"),
        ({"order": "sorted"}, "'sorted' is not allowed. Allowed: shuffled, clean_first, clean_last"),
    ],
)
def test_memory_and_order_need_what_they_measure(config: Config, changes: dict[str, Any], words: str) -> None:
    change = [put(f"recipes.short.{key}", value) for key, value in changes.items()]
    assert words in refusal(config, *change)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (
            {"name": "test_loss", "direction": "min"},
            "metric.name: 'test_loss' is not allowed with selection.split: val. Allowed: val_top1, val_loss",
        ),
        ({"name": "val_loss", "direction": "max"}, "metric.direction: 'max' is not allowed for val_loss. Allowed: min"),
        ({"name": "val_loss", "direction": "down"}, "metric.direction: 'down' is not allowed. Allowed: min, max"),
        ({"name": "val_loss"}, "metric: key 'direction' is missing"),
    ],
)
def test_a_metric_that_the_records_do_not_have(config: Config, metric: dict, words: str) -> None:
    assert f"studies.demo.{words}" in refusal(config, put("studies.demo.metric", metric))
