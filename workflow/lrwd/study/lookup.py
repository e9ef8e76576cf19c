"""Finds the cell of a study for a record's path, or reports why the path belongs to no cell."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from lrwd.errors import ConfigError
from lrwd.registry import number
from lrwd.study import paths
from lrwd.study.cell import Cell, Group
from lrwd.study.recipe import base_of
from lrwd.study.study import Study


def find_cell(study: Study, wildcards: Any, ratios: Mapping[Group, float | None] | None) -> Cell:
    """Find the cell for a path's wildcards.

    Args:
        study: the study to search.
        wildcards: object with the text attributes dataset, arch, recipe, lr, wd, seed.
        ratios: the estimated ratios, None if not known yet.

    Returns:
        A grid cell, an on-ratio cell, or the base cell of one of these.

    Raises:
        ConfigError: the study has no such cell. The message names the first wrong wildcard and what is allowed.
    """
    where = f"not a cell of study {study.name!r}"
    # Maps each recipe to its base recipe, or to None.
    recipes = {name: base_of(study.config["recipes"][name]) for part in study.parts for name in part.recipes}
    names = {
        "dataset": [name for part in study.parts for name in part.datasets],
        "arch": [name for part in study.parts for name in part.archs],
        "recipe": [*recipes, *filter(None, recipes.values())],
    }
    for name, allowed in names.items():
        if getattr(wildcards, name) not in allowed:
            texts = ", ".join(dict.fromkeys(allowed))
            raise ConfigError(f"{where}: {name} {getattr(wildcards, name)!r}. Allowed: {texts}")
    values = {}
    for name in ("lr", "wd", "seed"):
        text = getattr(wildcards, name)
        values[name] = number(text, f"{where}: {name}")
        if paths.number_text(values[name]) != text:
            raise ConfigError(f"{where}: write {name}{text} as {name}{paths.number_text(values[name])}")
    group = (wildcards.dataset, wildcards.arch, wildcards.recipe)
    cell = Cell(*group, values["lr"], values["wd"], int(values["seed"]))
    # A cell may be in the study itself, or be the base of a cell in the study.
    made_from_it = [dataclasses.replace(cell, recipe=name) for name, base in recipes.items() if base == cell.recipe]
    wanted = [*([cell] if cell.recipe in recipes else []), *made_from_it]
    if not any(study.has(one, ratios or {}) for one in wanted):
        raise ConfigError(f"{where}: {_what_is_off(study, wanted[0], ratios)}")
    return cell


def _what_is_off(study: Study, cell: Cell, ratios: Mapping[Group, float | None] | None) -> str:
    """Describe the first of lr, seed and wd that is not in the study, and list the allowed values."""
    part = study.part_of(cell)
    lrs, wds = study.lrs(part, cell.group), study.wds(part, cell.group, cell.lr)
    own = [one for one in study.grid_cells if one.group == cell.group and one.lr == cell.lr]
    for name, value, options in (("lr", cell.lr, lrs), ("seed", cell.seed, part.seeds)):
        if value not in options:
            texts = ", ".join(map(paths.number_text, options))
            return f"{name} {paths.number_text(value)}. Allowed: {texts}"
    if part.sequential and cell.wd in {one.wd for one in own}:
        texts = ", ".join(str(one.seed) for one in own if one.wd == cell.wd)
        return f"seed {cell.seed}. Allowed at this lr and wd: {texts}{_of_rounds(study)}"
    if part.sequential:
        wds = sorted({one.wd for one in own})
    line = "kappa * rho * lr on the study's line"
    if part.kappas and part.ratio is None and ratios is None:
        line += " (known once the grid is trained: `snakemake train`)"
    texts = ", ".join(map(paths.number_text, wds))
    where = f"wd {paths.number_text(cell.wd)}. Allowed at this lr: {texts}"
    if part.sequential and not part.kappas:
        return f"{where}{_of_rounds(study)}"
    return f"{where}, and {line}{_of_rounds(study)}"


def _of_rounds(study: Study) -> str:
    """Addition to a message if further rounds may add cells."""
    if not study.is_open:
        return ""
    known = "round 0" if not study.rounds else f"rounds 0 to {len(study.rounds)}"
    return f" ({known}; the rounds that follow are chosen from the results, and not known yet)"
