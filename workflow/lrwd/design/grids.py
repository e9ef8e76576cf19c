"""The grids of a study as arrays, and the knobs of its design check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lrwd.stats.propose import MIN_WD, rounded
from lrwd.stats.simulate import Constants, Response
from lrwd.stats.surface import Floats
from lrwd.study.cell import Cell
from lrwd.study.study import Study

# Runs from elsewhere at more learning rates are a random search: a full grid of these sizes is simulated in its place,
# as a simulation of so many rows takes hours. This one takes two minutes on one core.
MAX_LRS = 24
_LRS_IN_PLACE, _MAX_WDS_IN_PLACE = 6, 8


@dataclass(frozen=True, eq=False)
class StudyGrid:
    """A grid, and where a study uses it.

    Args:
        name: data sets and recipes, "cifar100/cifar100_paper".
        lr: ascending; (L,).
        wd: ascending, NaN-padded; (L, W).
        num_seeds: of a cell (the usual number, where they differ).
    """

    name: str
    lr: Floats
    wd: Floats
    num_seeds: int

    @property
    def num_cells(self) -> int:
        """Number of (lr, wd)."""
        return int(np.isfinite(self.wd).sum())


@dataclass(frozen=True)
class Knobs:
    """``design`` of config.yaml, accuracies as fractions."""

    constants: Constants
    response: Response
    seeds: tuple[int, ...]
    num_simulations: int
    num_replicates: int
    enough_power: float
    random_seed: int


def read_knobs(config: Mapping[str, Any]) -> Knobs:
    """Read the knobs from a checked configuration."""
    design = config["design"]
    response = Response(
        curvature=design["curvature_pp"] / 100,
        saturation=design["saturation_pp"] / 100,
        seed_sd=design["seed_sd_pp"] / 100,
    )
    return Knobs(
        constants=Constants(design["rho"], design["wd"], design["timescale_steps"]),
        response=response,
        seeds=tuple(design["seeds"]),
        num_simulations=design["num_simulations"],
        num_replicates=design["num_replicates"],
        enough_power=design["enough_power"],
        random_seed=design["random_seed"],
    )


def study_grids(study: Study, runs: pd.DataFrame | None) -> list[StudyGrid]:
    """The different grids of a study, each once.

    Args:
        study: its configuration; architectures may have learning rates of their own.
        runs: the runs table, of a study whose runs come from elsewhere: its grid is that of all its architectures.

    Returns:
        Of a sequential study, whose cells are not known beforehand, a full grid in their place: its learning rates,
        weight decays evenly spaced between its limits, and as many seeds a cell as in round 0, in about its budget. Of
        a random search, likewise a full grid within its ranges, of at most 48 cells.
    """
    cells = pd.DataFrame(_planned_cells(study)) if runs is None else runs[runs["in_grid"]]
    # Architectures may have learning rates of their own. Runs from elsewhere are ragged; theirs are joined.
    by_arch = ["arch"] if runs is None else []
    grids_of: dict[tuple[str, str], set[tuple[float, ...]]] = {}
    for (dataset, recipe, *_), lrs in cells.groupby(["dataset", "recipe", *by_arch], sort=False)["lr"]:
        grids_of.setdefault((dataset, recipe), set()).add(tuple(sorted(set(lrs))))
    found: dict[tuple[Any, ...], list[str]] = {}
    for (dataset, recipe, *archs), group in cells.groupby(["dataset", "recipe", *by_arch], sort=False):
        wds = tuple((float(lr), tuple(sorted(set(rows["wd"])))) for lr, rows in group.groupby("lr"))
        seeds = int(group.groupby(["arch", "lr", "wd"])["seed"].nunique().median())
        own = archs if len(grids_of[dataset, recipe]) > 1 else []
        name = "/".join([dataset, *own, recipe])
        if runs is not None and len(wds) > MAX_LRS:
            wds, name = _in_place(group), f"{name} (a full grid in place of {len(wds)} learning rates)"
        names = found.setdefault((wds, seeds), [])
        names += [name] if name not in names else []
    chosen = {
        name
        for dataset, arch, recipe in study.sequential
        for name in (f"{dataset}/{recipe}", f"{dataset}/{arch}/{recipe}")
    }
    return [
        _grid("; ".join(f"{name} (a full grid in place of rounds)" if name in chosen else name for name in names), *key)
        for key, names in found.items()
    ]


def _in_place(runs: pd.DataFrame) -> tuple[tuple[float, tuple[float, ...]], ...]:
    """A full grid within the ranges of a random search."""
    decays = runs["wd"][runs["wd"] > 0]
    if decays.empty:
        return ()
    num_cells = len(runs[["lr", "wd"]].drop_duplicates()) // max(runs["arch"].nunique(), 1)
    num_wd = int(np.clip(num_cells // _LRS_IN_PLACE, MIN_WD, _MAX_WDS_IN_PLACE))
    lrs = rounded(np.geomspace(runs["lr"].min(), runs["lr"].max(), _LRS_IN_PLACE))
    wds = tuple(float(wd) for wd in rounded(np.geomspace(decays.min(), decays.max(), num_wd)))
    return tuple((float(lr), wds) for lr in lrs)


def _planned_cells(study: Study) -> list[Cell]:
    cells = [cell for cell in study.grid_cells if cell.group not in study.sequential]
    for group, part in study.sequential.items():
        knobs = part.sequential
        assert knobs is not None
        lrs, seeds = study.lrs(part, group), part.grid_seeds
        num_wd = max(MIN_WD, knobs.most_cells(len(lrs)) // (len(lrs) * len(seeds)))
        wds = rounded(np.geomspace(knobs.wd_low, knobs.wd_high, num_wd))
        cells += [Cell(*group, lr, float(wd), seed) for lr in lrs for wd in wds for seed in seeds]
    return cells


def _grid(name: str, wds: tuple[tuple[float, tuple[float, ...]], ...], num_seeds: int) -> StudyGrid:
    # A learning rate that was only trained with wd = 0 does not show the best wd.
    kept = [(lr, row) for lr, row in wds if max(row) > 0]
    wd = np.full((len(kept), max((len(row) for _, row in kept), default=0)), np.nan)
    for index, (_, row) in enumerate(kept):
        wd[index, : len(row)] = row
    return StudyGrid(name, np.array([lr for lr, _ in kept]), wd, num_seeds)
