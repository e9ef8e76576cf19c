"""Number of images that a recipe trains on, and of steps per epoch, computed without reading the data set."""

from collections.abc import Mapping, Sequence
from typing import Any

from lrwd.errors import ConfigError
from lrwd.subsample import kept_counts


def images_left(counts: Sequence[int], dataset: str, recipe: str, knobs: Mapping[str, Any]) -> int:
    """Number of images that a recipe trains on.

    Args:
        counts: training images of each class, before the recipe leaves any out.
        dataset: name of the data set.
        recipe: name of the recipe.
        knobs: its ``batch_size`` and ``subsample``, among others.

    Raises:
        ConfigError: a class would have no images, or there would be fewer images than a batch.
    """
    try:
        kept = {key: value for key, value in knobs["subsample"].items() if key != "seed"}
        left = sum(kept_counts(counts, **kept))
    except ConfigError as error:
        raise ConfigError(f"recipes.{recipe}.subsample on data set {dataset!r}: {error}") from None
    if left < knobs["batch_size"]:
        part = f" (of {sum(counts)}, by recipes.{recipe}.subsample)" if left < sum(counts) else ""
        raise ConfigError(
            f"recipes.{recipe}.batch_size: {knobs['batch_size']} is not allowed, as data set {dataset!r} has {left} "
            f"images to train on{part}: 1 to {left}"
        )
    return left


def steps_per_epoch(config: Mapping[str, Any], dataset: str, recipe: str, where: str) -> int:
    """Optimizer steps per epoch, computed before the data set is prepared. The last, partial batch is dropped.

    Args:
        config: the whole configuration.
        dataset: name of the data set. Its ``num_train`` is the number of training images, or a list with one number
            per class, which a long tail requires.
        recipe: name of the recipe.
        where: the study's place in config.yaml, for messages.

    Raises:
        ConfigError: num_train is missing, of a wrong type, or too small for the recipe.
    """
    entry, knobs = config["datasets"][dataset], config["recipes"][recipe]
    size = entry.get("num_train")
    if size is None:
        raise ConfigError(
            f"{where}.grid.timescale_epochs: datasets.{dataset} needs a num_train (images left for "
            f"training), since a time scale in epochs is converted to a weight decay by the steps per epoch"
        )
    place = f"datasets.{dataset}.num_train: {size!r} is not allowed"
    counts = size if isinstance(size, list) else [size]
    if any(type(count) is not int or count < 0 for count in counts) or sum(counts) < knobs["batch_size"]:
        raise ConfigError(
            f"{place}; a number of images (or a list, one number a class), at least the {knobs['batch_size']} of a "
            f"batch of recipes.{recipe}"
        )
    if knobs["subsample"]["imbalance"] > 1 and size is not counts:
        raise ConfigError(f"{place} with recipes.{recipe}.subsample.imbalance; a list, one number a class")
    return images_left(counts, dataset, recipe, knobs) // knobs["batch_size"]
