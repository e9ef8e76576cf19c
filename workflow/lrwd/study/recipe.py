"""What a recipe's trainings need beforehand: starting weights, or another training's gradient norms or weights."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lrwd import registry
from lrwd.atomic import sha256_file
from lrwd.errors import ConfigError

SCRATCH = "scratch"
# What makes the steps of two trainings as many.
SAME = ("epochs", "batch_size", "subsample")


def check_start(start: Any, where: str) -> None:
    """Check a recipe's ``start_from``, but not whether its weights are there.

    Raises:
        ConfigError: it is a word other than ``scratch``.
    """
    if isinstance(start, str) and start != SCRATCH:
        raise ConfigError(
            f"{where}: {start!r} is not allowed. Allowed: {SCRATCH}, {{timm: pretrained}}, {{weights: a file's path}}, "
            f"{{recipe: a recipe's name}}"
        )


def start_file(recipe: Mapping[str, Any]) -> str | None:
    """Path of the file of weights that a recipe starts from; None where it does not start from one."""
    start = recipe["start_from"]
    return None if start == SCRATCH else start.get("weights")


def start_recipe(recipe: Mapping[str, Any]) -> str | None:
    """Name of the recipe whose cells' weights a recipe starts from; None where it does not start from such."""
    start = recipe["start_from"]
    return None if start == SCRATCH else start.get("recipe")


def start_in_spec(recipe: Mapping[str, Any], where: str) -> Any:
    """What of ``start_from`` a cell's result depends on: a file's content, not where it lies.

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
    """Check that a recipe that needs a base has one that leaves what it needs: gradient norms, or weights.

    Args:
        recipes: all recipes of the configuration.
        name: the recipe.

    Returns:
        The base's name; None for a recipe that needs none.

    Raises:
        ConfigError: there is no base, or it does not exist, does not leave what is needed, has a base itself or, for
            gradient norms, other steps.
    """
    recipe, where = recipes[name], f"recipes.{name}.schedule.base"
    schedule = recipe["schedule"]["name"]
    if start := start_recipe(recipe):
        return _check_start_recipe(recipes, name, start)
    if "base" not in {field.name for field in dataclasses.fields(registry.part("schedules", schedule).Config)}:
        return None  # a base that is given nevertheless is an unknown key of the schedule, and refused as such
    base = base_of(recipe)
    if base is None:
        raise ConfigError(
            f"{where}: is missing; the schedule {schedule!r} is made from the gradient norms of another training: name "
            f"that one's recipe, which has gradient_trace: true"
        )
    if base not in recipes:
        raise ConfigError(f"{where}: Unknown recipe {base!r}. Available: {', '.join(recipes)}")
    if base_of(recipes[base]) is not None:
        raise ConfigError(f"{where}: {base!r} is not allowed, as it needs another training itself")
    if not recipes[base]["gradient_trace"]:
        raise ConfigError(
            f"{where}: {base!r} is not allowed, as it leaves no gradient norms; it needs gradient_trace: true"
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
            f"{where}: {start!r} is not allowed, as the schedule has a base already; one is all there can be"
        )
    if base_of(recipes[start]) is not None:
        raise ConfigError(f"{where}: {start!r} is not allowed, as it needs another training itself")
    if not recipes[start]["save_weights"]:
        raise ConfigError(f"{where}: {start!r} is not allowed, as it keeps no weights; it needs save_weights: true")
    return start
