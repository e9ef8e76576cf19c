"""A study and its cells. This module does not import torch, so that planning is fast.

The grid cells are known from the configuration, except for a sequential study, whose cells are chosen round by round
(``lrwd.study.sequential``). The on-ratio cells lie on the line wd = kappa * rho * lr. If the study's ratio rho is a
number, they are known from the configuration too. If it is ``estimated``, they are known once the grid is trained.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lrwd.errors import ConfigError
from lrwd.study import paths
from lrwd.study.cell import Cell, Group, Selection
from lrwd.study.imported import Imported
from lrwd.study.recipe import base_of, start_in_spec
from lrwd.study.sequential import FIRST_SEEDS, Round, Sequential, rounds_on_disk
from lrwd.study.steps import steps_per_epoch

AXES = ("wd", "wd_over_lr", "timescale_epochs")
# Keys of a data set or an architecture that do not affect a cell's result (location, printed name, size known before).
NOT_IN_SPEC = {"folder", "label", "num_train"}


@dataclass(frozen=True)
class Part:
    """One full grid of a study: data sets x architectures x recipes x (lr, wd) x seeds.

    sequential: settings of a sequential grid, which is not full; ``values`` are then the weight decays of round 0.
    """

    where: str
    datasets: tuple[str, ...]
    archs: tuple[str, ...]
    recipes: tuple[str, ...]
    lrs: tuple[float, ...]
    lr_reference_batch: int | None
    axis: str
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    selection: Selection
    ratio: float | None
    kappas: tuple[float, ...]
    sequential: Sequential | None = None

    @property
    def grid_seeds(self) -> tuple[int, ...]:
        """Seeds that are run at every grid point; in a sequential study, those of round 0."""
        return self.seeds[:FIRST_SEEDS] if self.sequential else self.seeds

    def groups(self) -> Iterator[Group]:
        """The (data set, architecture, recipe) combinations."""
        for dataset in self.datasets:
            for arch in self.archs:
                for recipe in self.recipes:
                    yield (dataset, arch, recipe)


@dataclass
class Study:
    """A study: its cells and the settings of their analysis."""

    name: str
    config: Mapping[str, Any]
    parts: tuple[Part, ...]
    results: str = "results"
    imported: Imported | None = None
    rounds: tuple[Round, ...] = ()
    _spec_cache: dict[Group, dict[str, Any]] = field(default_factory=dict)
    _on_ratio_cache: dict[Any, dict[Cell, tuple[float, float]]] = field(default_factory=dict)

    @cached_property
    def grid_cells(self) -> tuple[Cell, ...]:
        """The cells of the (lr, wd) grids, each once, in the order of the configuration, then those of the rounds."""
        cells: dict[Cell, None] = {}
        for part in self.parts:
            for group in part.groups():
                for lr in self.lrs(part, group):
                    for wd in self.wds(part, group, lr):
                        for seed in part.grid_seeds:
                            cells[Cell(*group, lr, wd, seed)] = None
        return tuple(dict.fromkeys([*cells, *(cell for one in self.rounds for cell in one.cells)]))

    # --- Rounds ------------------------------------------------------------------------------------------------

    @cached_property
    def sequential(self) -> dict[Group, Part]:
        """Map the groups with a sequential grid to their parts."""
        return {group: part for part in self.parts if part.sequential for group in part.groups()}

    @property
    def num_rounds(self) -> int:
        """Maximum number of round files. The last file states that all networks have stopped."""
        return max((part.sequential.rounds for part in self.sequential.values() if part.sequential), default=0)

    @property
    def rounds_pattern(self) -> str:
        """Pattern of the paths of the round files, with ``{round}``."""
        return paths.rounds_path(self.results, self.name)

    @cached_property
    def rounds_key(self) -> str:
        """Hash of the configuration that the choice of cells depends on, besides records and code."""
        settings = [
            ["/".join(group), self.lrs(part, group), *map(repr, (part.seeds, part.selection, part.sequential))]
            for group, part in self.sequential.items()
        ]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()[:16]

    def at(self, rounds: tuple[Round, ...]) -> "Study":
        """The same study with the cells of these rounds."""
        return dataclasses.replace(self, rounds=rounds) if self.sequential else self

    def known(self) -> "Study":
        """The same study with the cells of all rounds whose files exist."""
        if not self.sequential:
            return self
        return self.at(rounds_on_disk(self.rounds_pattern, self.rounds_key, self.num_rounds))

    @property
    def is_open(self) -> bool:
        """Whether further rounds may follow, whose cells are not known yet."""
        return bool(self.sequential) and not (self.rounds and self.rounds[-1].is_last)

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """The data sets of the study, each once."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.datasets))

    @property
    def estimates_ratio(self) -> bool:
        """Whether some part has on-ratio cells whose ratio is estimated from the grid."""
        return any(part.kappas and part.ratio is None for part in self.parts)

    def lrs(self, part: Part, group: Group) -> list[float]:
        """The learning rates at which a group's cells are trained.

        With ``lr_reference_batch``, the learning rates of the grid are scaled linearly to the recipe's batch size B:
        lr * B / B_reference. All other code uses the scaled values.

        Source: Goyal et al. (2017), arXiv 1706.02677, Sec. 2.1.
        """
        if part.lr_reference_batch is None:
            return list(part.lrs)
        batch_size = self.config["recipes"][group[2]]["batch_size"]
        return [paths.significant(lr * batch_size / part.lr_reference_batch) for lr in part.lrs]

    def wds(self, part: Part, group: Group, lr: float) -> list[float]:
        """The weight decays of a part's grid at one learning rate, ascending.

        The axis is wd itself, the ratio wd/lr, or the time scale 1/(lr*wd) in epochs.
        """
        if part.axis == "wd":
            return sorted(part.values)
        if part.axis == "wd_over_lr":
            return sorted(paths.significant(value * lr) for value in part.values)
        steps = steps_per_epoch(self.config, group[0], group[2], part.where)
        return sorted(paths.significant(1.0 / (lr * value * steps)) for value in part.values)

    def on_ratio_cells(self, ratios: Mapping[Group, float | None]) -> dict[Cell, tuple[float, float]]:
        """The cells with wd = kappa * rho * lr.

        Args:
            ratios: rho of each group whose part estimates it. A group whose rho is None has no on-ratio cells.

        Returns:
            Maps each cell to its (kappa, rho).
        """
        key = tuple(sorted(ratios.items()))
        if key not in self._on_ratio_cache:
            self._on_ratio_cache[key] = self._make_on_ratio_cells(ratios)
        return self._on_ratio_cache[key]

    def _make_on_ratio_cells(self, ratios: Mapping[Group, float | None]) -> dict[Cell, tuple[float, float]]:
        cells: dict[Cell, tuple[float, float]] = {}
        for part in self.parts:
            for group in part.groups():
                rho = part.ratio if part.ratio is not None else ratios.get(group)
                if not rho:
                    continue
                for kappa in part.kappas:
                    for lr in self.lrs(part, group):
                        wd = paths.significant(kappa * rho * lr)
                        for seed in part.seeds:
                            cells[Cell(*group, lr, wd, seed)] = (kappa, rho)
        return cells

    def cells(self, ratios: Mapping[Group, float | None]) -> list[Cell]:
        """All cells, each once: the grid cells, then the on-ratio cells of groups whose ratio is known."""
        return list(dict.fromkeys([*self.grid_cells, *self.on_ratio_cells(ratios)]))

    def with_bases(self, cells: Iterable[Cell]) -> list[Cell]:
        """The cells and the base cells that must be trained before them, each once."""
        found = dict.fromkeys(cells)
        for cell in list(found):
            if base := self.base_cell(cell):
                found[base] = None
        return list(found)

    def base_cell(self, cell: Cell) -> Cell | None:
        """The base cell: it provides the gradient norms for a cell's schedule, or its initial weights.

        It differs from the cell only in the recipe.
        """
        base = base_of(self.config["recipes"][cell.recipe])
        return dataclasses.replace(cell, recipe=base) if base else None

    def analysis_key(self) -> str:
        """Text that changes when the analysis must be repeated: the configuration that records do not contain."""
        labels = {arch: self.config["architectures"][arch]["label"] for part in self.parts for arch in part.archs}
        imported = dataclasses.astuple(self.imported) if self.imported else None
        return json.dumps([[dataclasses.astuple(part) for part in self.parts], labels, imported])

    def num_waiting(self) -> int:
        """Number of on-ratio cells whose ratio is to be estimated. An upper bound, as some may be grid cells."""
        return sum(
            len(list(part.groups())) * len(part.kappas) * len(part.lrs) * len(part.seeds)
            for part in self.parts
            if part.ratio is None
        )

    def one_cell_a_group(self) -> list[Cell]:
        """The first grid cell of every (data set, architecture, recipe), then one of each base's group."""
        cells = self.with_bases(self.grid_cells)
        return list({cell.group: cell for cell in reversed(cells)}.values())[::-1]

    def part_of(self, cell: Cell) -> Part:
        """The part of the study that a cell belongs to."""
        for part in self.parts:
            if cell.dataset in part.datasets and cell.arch in part.archs and cell.recipe in part.recipes:
                return part
        raise ConfigError(f"study {self.name!r} has no {'/'.join(cell.group)}")

    def spec(self, cell: Cell) -> dict[str, Any]:
        """Everything that a cell's result depends on, as plain values."""
        if cell.group not in self._spec_cache:
            dataset, arch, recipe = cell.group
            base = base_of(self.config["recipes"][recipe])
            self._spec_cache[cell.group] = {
                "dataset": {"name": dataset, **_without(self.config["datasets"][dataset])},
                "arch": {"name": arch, **_without(self.config["architectures"][arch])},
                "recipe": self._recipe(recipe, arch),
                # Changing the base recipe changes the gradient norms or weights, and so the result of this cell.
                **({"base": self._recipe(base, arch)} if base else {}),
            }
        return {**self._spec_cache[cell.group], "lr": cell.lr, "wd": cell.wd, "seed": cell.seed}

    def _recipe(self, name: str, arch: str) -> dict[str, Any]:
        kind, recipe = self.config["architectures"][arch]["kind"], self.config["recipes"][name]
        # Leave out the augmentations of other kinds of architecture; they do not affect this cell.
        augment = {kind: recipe["augment"][kind]}
        return {"name": name, **recipe, "augment": augment, "start_from": start_in_spec(recipe, f"recipes.{name}")}

    def has(self, cell: Cell, ratios: Mapping[Group, float | None]) -> bool:
        """Whether a cell is a grid cell or an on-ratio cell of the study."""
        return cell in self._grid_set or cell in self.on_ratio_cells(ratios)

    @cached_property
    def _grid_set(self) -> frozenset[Cell]:
        return frozenset(self.grid_cells)


def read_ratios(text: str) -> dict[Group, float | None]:
    """Read the file of estimated ratios: ``{"dataset/arch/recipe": rho or null}``."""
    ratios: dict[Group, float | None] = {}
    for name, rho in json.loads(text).items():
        dataset, arch, recipe = name.split("/")
        ratios[(dataset, arch, recipe)] = rho
    return ratios


def _without(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in NOT_IN_SPEC}
