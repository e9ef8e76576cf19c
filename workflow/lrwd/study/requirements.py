"""What a study asks of a prepared data set, checked as soon as that is there and before anything is trained on it."""

from collections.abc import Mapping
from typing import Any

from lrwd.errors import ConfigError
from lrwd.study.steps import images_left
from lrwd.study.study import Study

# Plain values, as they go to the preparation through a command line.
Demands = dict[str, Any]


def demands_on(study: Study, dataset: str) -> Demands:
    """What a study asks of a data set.

    Returns:
        ``selects_on_val``: the place in config.yaml that asks for validation images, None for no such;
        ``recipes``: of each recipe trained on it, what must fit the number of images.
    """
    parts = [part for part in study.parts if dataset in part.datasets]
    recipes = dict.fromkeys(recipe for part in parts for recipe in part.recipes)
    keys = ("batch_size", "subsample")
    return {
        "selects_on_val": next((part.where for part in parts if part.selection.split == "val"), None),
        "recipes": {recipe: {key: study.config["recipes"][recipe][key] for key in keys} for recipe in recipes},
    }


def check_demands(demands: Demands, dataset: str, manifest: Mapping[str, Any]) -> None:
    """Check that a prepared data set has what a study asks of it.

    Args:
        demands: of ``demands_on``.
        dataset: its name.
        manifest: that of its preparation.

    Raises:
        ConfigError: it has no validation images, or too few to train on (after what a recipe leaves out).
    """
    where = demands["selects_on_val"]
    if where and not manifest["sizes"]["val"]:
        raise ConfigError(
            f"{where}.selection.split: 'val' is not allowed, as data set {dataset!r} has no validation images; "
            f"give datasets.{dataset} a val_size, or select on 'test'"
        )
    for recipe, knobs in demands["recipes"].items():
        images_left(manifest["class_counts"]["train"], dataset, recipe, knobs)
