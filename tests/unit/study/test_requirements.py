"""What a study asks of its data is refused where the prepared data do not have it."""

from typing import Any

import pytest
from configured import Config, study

from lrwd.errors import ConfigError
from lrwd.study.requirements import check_demands, demands_on


def manifest(train: int, val: int) -> dict[str, Any]:
    """Of a data set of two classes, as far as it is asked for."""
    counts = {"train": [train - train // 2, train // 2]}
    return {"sizes": {"train": train, "val": val}, "num_classes": 2, "class_counts": counts}


def test_selecting_on_validation_needs_validation_images(config: Config) -> None:
    demands = demands_on(study(config, "demo"), "digits")
    check_demands(demands, "digits", manifest(300, 397))
    words = r"^studies.demo.selection.split: 'val' is not allowed, as data set 'digits' has no validation images; give"
    with pytest.raises(ConfigError, match=words):
        check_demands(demands, "digits", manifest(300, 0))
    on_test = demands_on(study(config, "cifar100"), "cifar100")
    check_demands(on_test, "cifar100", manifest(300, 0))


def test_a_batch_needs_as_many_images(config: Config) -> None:
    config["recipes"]["short"]["batch_size"] = 300
    demands = demands_on(study(config, "demo"), "digits")
    check_demands(demands, "digits", manifest(300, 1))
    words = r"^recipes.short.batch_size: 300 is not allowed, as data set 'digits' has 299 images to train on: 1 to 299"
    with pytest.raises(ConfigError, match=words):
        check_demands(demands, "digits", manifest(299, 1))


def test_what_a_recipe_leaves_must_do(config: Config) -> None:
    config["recipes"]["short"] |= {"batch_size": 50, "subsample": {"fraction": 0.2, "imbalance": 1, "seed": 0}}
    demands = demands_on(study(config, "demo"), "digits")
    check_demands(demands, "digits", manifest(250, 1))
    words = r"batch_size: 50 .* 'digits' has 49 images to train on \(of 247, by recipes.short.subsample\): 1 to 49"
    with pytest.raises(ConfigError, match=words):
        check_demands(demands, "digits", manifest(247, 1))
    config["recipes"]["short"]["subsample"] = {"fraction": 1, "imbalance": 200, "seed": 0}
    demands = demands_on(study(config, "demo"), "digits")
    check_demands(demands, "digits", manifest(400, 1))
    words = r"recipes.short.subsample on data set 'digits': .* imbalance 200 leave class 1 without an image \(of 199\)"
    with pytest.raises(ConfigError, match=words):
        check_demands(demands, "digits", manifest(398, 1))


def test_another_data_sets_recipes_ask_nothing(config: Config) -> None:
    loaded = study(config, "paper")
    assert list(demands_on(loaded, "cifar100")["recipes"]) == ["cifar100_paper"]
