"""Prerequisites of a recipe's trainings: initial weights, or the gradient norms or weights of a base training."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lrwd import registry
from lrwd.atomic import sha256_file
from lrwd.errors import ConfigError

SCRATCH = "scratch"
# Keys that determine the number of steps of a training.
SAME = ("epochs", "batch_size", "subsample")


def check_start(start: Any, where: str) -> None:
    """Check a recipe's ``start_from``, but not whether the weights exist.

    Raises:
        ConfigError: it is a text other than ``scratch``.
    """
    if isinstance(start, str) and start != SCRATCH:
        raise ConfigError(
            f"{where}: {start!r} is not allowed. Allowed: {SCRATCH}, {{timm: pretrained}}, {{weights: a file's path}}, "
            f"{{recipe: a recipe's name}}"
        )


def start_file(recipe: Mapping[str, Any]) -> str | None:
    """Path of the file of initial weights; None if the recipe does not start from a file."""
    start = recipe["start_from"]
    return None if start == SCRATCH else start.get("weights")


def start_recipe(recipe: Mapping[str, Any]) -> str | None:
    """Name of the recipe whose cells provide the initial weights; None if there is no such recipe."""
    start = recipe["start_from"]
    return None if start == SCRATCH else start.get("recipe")


def start_in_spec(recipe: Mapping[str, Any], where: str) -> Any:
    """The part of ``start_from`` that a cell's result depends on: a file's content, but not its path.

    Raises:
        ConfigError: the file is missing.
    """
    path = start_file(recipe)
    return recipe["start_from"] if path is None else {"weights": _sha256(path, where)}


@cache
def _sha256(path: str, where: str) -> str:
    if not Path(path).is_file():
        raise ConfigError(f"{where}.start_from.weights: {path!r} does not exist (looked in {Path.cwd()})")
    return sha256_file(path)


def base_of(recipe: Mapping[str, Any]) -> str | None:
    """Name of a recipe's base; None for a recipe whose cells need no other training."""
    return recipe["schedule"].get("base") or start_recipe(recipe)


def check_base(recipes: Mapping[str, Mapping[str, Any]], name: str) -> str | None:
    """Check that a recipe's base exists and provides the gradient norms or weights that the recipe needs.

    Args:
        recipes: all recipes of the configuration.
        name: the recipe.

    Returns:
        The base's name; None for a recipe that needs none.

    Raises:
        ConfigError: no base is named, or it does not exist, does not save what is needed, has a base itself or, for
            gradient norms, has a different number of steps.
    """
    recipe, where = recipes[name], f"recipes.{name}.schedule.base"
    schedule = recipe["schedule"]["name"]
    if start := start_recipe(recipe):
        return _check_start_recipe(recipes, name, start)
    if "base" not in {field.name for field in dataclasses.fields(registry.part("schedules", schedule).Config)}:
        return None  # a base that is given nevertheless is rejected later, as an unknown key of the schedule
    base = base_of(recipe)
    if base is None:
        raise ConfigError(
            f"{where}: is missing; the schedule {schedule!r} is computed from the gradient norms of another training: "
            f"name the recipe of that training, which has gradient_trace: true"
        )
    if base not in recipes:
        raise ConfigError(f"{where}: Unknown recipe {base!r}. Available: {', '.join(recipes)}")
    if base_of(recipes[base]) is not None:
        raise ConfigError(f"{where}: {base!r} is not allowed, as it needs another training itself")
    if not recipes[base]["gradient_trace"]:
        raise ConfigError(
            f"{where}: {base!r} is not allowed, as it saves no gradient norms; it needs gradient_trace: true"
        )
    for key in SAME:
        if recipes[base][key] != recipe[key]:
            raise ConfigError(
                f"{where}: {base!r} is not allowed, as its {key} is {recipes[base][key]!r} and here it is "
                f"{recipe[key]!r}; the two trainings must have the same steps"
            )
    return base


def _check_start_recipe(recipes: Mapping[str, Mapping[str, Any]], name: str, start: str) -> str:
    where = f"recipes.{name}.start_from.recipe"
    if start not in recipes:
        raise ConfigError(f"{where}: Unknown recipe {start!r}. Available: {', '.join(recipes)}")
    if recipes[name]["schedule"].get("base"):
        raise ConfigError(
            f"{where}: {start!r} is not allowed, as the schedule has a base already; at most one base is possible"
        )
    if base_of(recipes[start]) is not None:
        raise ConfigError(f"{where}: {start!r} is not allowed, as it needs another training itself")
    if not recipes[start]["save_weights"]:
        raise ConfigError(f"{where}: {start!r} is not allowed, as it saves no weights; it needs save_weights: true")
    return start
