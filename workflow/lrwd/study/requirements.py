"""Checks that a prepared data set meets a study's requirements, after its preparation and before any training on it."""

from collections.abc import Mapping
from typing import Any

from lrwd.errors import ConfigError
from lrwd.study.steps import images_left
from lrwd.study.study import Study

# Plain values, as they are passed to the preparation script on its command line.
Demands = dict[str, Any]


def demands_on(study: Study, dataset: str) -> Demands:
    """A study's requirements of a data set.

    Returns:
        ``selects_on_val``: the place in the configuration that requires validation images, or None;
        ``recipes``: for each recipe trained on the data set, the knobs that must fit the number of images.
    """
    parts = [part for part in study.parts if dataset in part.datasets]
    recipes = dict.fromkeys(recipe for part in parts for recipe in part.recipes)
    keys = ("batch_size", "subsample")
    return {
        "selects_on_val": next((part.where for part in parts if part.selection.split == "val"), None),
        "recipes": {recipe: {key: study.config["recipes"][recipe][key] for key in keys} for recipe in recipes},
    }


def check_demands(demands: Demands, dataset: str, manifest: Mapping[str, Any]) -> None:
    """Check that a prepared data set meets a study's requirements.

    Args:
        demands: result of ``demands_on``.
        dataset: name of the data set.
        manifest: manifest of the prepared data set.

    Raises:
        ConfigError: it has no validation images, or too few training images are left after a recipe's ``subsample``.
    """
    where = demands["selects_on_val"]
    if where and not manifest["sizes"]["val"]:
        raise ConfigError(
            f"{where}.selection.split: 'val' is not allowed, as data set {dataset!r} has no validation images; "
            f"give datasets.{dataset} a val_size, or select on 'test'"
        )
    for recipe, knobs in demands["recipes"].items():
        images_left(manifest["class_counts"]["train"], dataset, recipe, knobs)
