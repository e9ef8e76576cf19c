"""What a study's grid can show, before anything is trained; and a better grid of no more cells."""

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.design.grids import Knobs, StudyGrid
from lrwd.seeds import derive
from lrwd.stats.propose import Grid, candidates
from lrwd.stats.ridge import UNKNOWN
from lrwd.stats.row_fit import fit_surface
from lrwd.stats.simulate import (
    MAX_MAPS,
    Returnable,
    Truth,
    expected_se,
    hypotheses,
    interior,
    nearest_ln_kappa,
    returnable,
    simulate,
)

STUDY, PROPOSED = "study", "proposed"
IDENTIFIABLE = "identifiable"
# Half the last digit of the published ratio, 0.10.
_RHO_ROUNDING = 0.005
# Simulations that choose among candidate grids; the chosen one is then judged with all.
_NUM_CHOOSING = 40
# Summed power by which another grid must be better than the study's if it identifies as many hypotheses.
_NOTICEABLE = 0.2
# Share of wrong answers that is allowed: on coarse grids with little noise there may be more.
_MAX_WRONG = 0.05


@dataclass(frozen=True)
class Answers:
    """Shares of simulated studies.

    Args:
        named: in which the verdict names the truth.
        excluded: in which some slope is excluded, and not the true one: an answer, and a right one.
        wrong: in which the true slope is excluded or another one named.
    """

    named: float
    excluded: float
    wrong: float

    def are_enough(self, enough: float) -> bool:
        """Whether the studies are answered, and hardly ever wrongly."""
        return self.excluded >= enough and self.wrong <= _MAX_WRONG


def answers(grid: Grid, truth: Truth, knobs: Knobs, num_seeds: int, num_simulations: int) -> Answers:
    """Simulate studies on a grid under a truth, and count what the recommended estimator says of them."""
    # Named by what is simulated, so that a row does not depend on which others the table has.
    content = zlib.crc32(np.concatenate([grid[0], grid[1].ravel()]).tobytes())
    generator = np.random.default_rng(derive(knobs.random_seed, "power", content, truth.text, num_seeds))
    named = excluded = wrong = 0
    for _ in range(num_simulations):
        found = fit_surface(simulate(*grid, truth, knobs.response, num_seeds, generator))
        named += found.verdict == truth.name
        excluded += bool(found.excluded) and truth.name not in found.excluded
        wrong += truth.name in found.excluded or found.verdict not in (truth.name, UNKNOWN)
    return Answers(named / num_simulations, excluded / num_simulations, wrong / num_simulations)


def identifiability(grids: list[StudyGrid], knobs: Knobs) -> pd.DataFrame:
    """Judge each grid of a study, and one proposed in its place, under each hypothesis.

    Args:
        grids: see ``study_grids``.
        knobs: ``design`` of the configuration.

    Returns:
        One row a grid (the study's, the proposed) and hypothesis. ``power_n`` is the share of simulated studies with n
        seeds in which the verdict names the hypothesis, ``excluded_n`` that in which another slope is excluded and not
        its own, ``wrong_n`` that in which its own is excluded or another is named.
    """
    rows = []
    for grid in grids:
        truths = hypotheses(grid.lr, grid.wd, knobs.constants)
        offered = {STUDY: (grid.lr, grid.wd)}
        better = _propose(grid, truths, knobs)
        if better is not None:
            offered[PROPOSED] = better
        for kind, own in offered.items():
            found = returnable(*own, knobs.constants.rho, _RHO_ROUNDING)
            for truth in truths:
                rows.append({"used_by": grid.name, "grid": kind} | _row(own, truth, found, knobs))
    return pd.DataFrame(rows)


def _row(grid: Grid, truth: Truth, found: Returnable, knobs: Knobs) -> dict[str, Any]:
    inside = interior(*grid, truth)
    found_at = {num: answers(grid, truth, knobs, num, knobs.num_simulations) for num in knobs.seeds}
    enough = [num for num, result in found_at.items() if result.are_enough(knobs.enough_power)]
    few = "fewer than 3 interior optima"
    many = f"over {MAX_MAPS:,} maps"
    return {
        "hypothesis": truth.name,
        "constant": truth.text,
        "b": truth.slope,
        "num_cells": int(np.isfinite(grid[1]).sum()),
        "num_lr": len(inside),
        "num_interior": int(inside.sum()),
        "share_interior": float(inside.mean()),
        "ln_kappa_mean": float(nearest_ln_kappa(*grid, truth).mean()),
        "ln_kappa_max": float(nearest_ln_kappa(*grid, truth).max()),
        "num_maps": found.num_maps,
        "num_rho": found.num_rho or undefined(many),
        "rho_min": found.low,
        "rho_max": found.high,
        "rho_min_all_positive": found.low_positive,
        "holds_rho_0_10": found.holds,
        "holds_rho_0_10_all_positive": found.holds_positive,
        **{f"se_b_{num}": or_undefined(expected_se(*grid, truth, knobs.response, num), few) for num in knobs.seeds},
        **{f"power_{num}": result.named for num, result in found_at.items()},
        **{f"excluded_{num}": result.excluded for num, result in found_at.items()},
        **{f"wrong_{num}": result.wrong for num, result in found_at.items()},
        "seeds_needed": min(enough)
        if enough
        else undefined(f"right in less than {knobs.enough_power:g} of the studies, or often wrong"),
        "verdict": IDENTIFIABLE if enough else UNKNOWN,
        "lr": " ".join(f"{value:g}" for value in grid[0]),
        "wd": _wd_text(grid),
    }


def _wd_text(grid: Grid) -> str:
    rows = [" ".join(f"{value:g}" for value in row[np.isfinite(row)]) for row in grid[1]]
    return rows[0] if len(set(rows)) == 1 else "; ".join(rows)


def _propose(grid: StudyGrid, truths: list[Truth], knobs: Knobs) -> Grid | None:
    """The candidate that tells most hypotheses apart with the middle number of seeds, then the one of more power.

    None if the study's own grid is as good, but for the noise of the simulations.
    """
    central = truths[-3:]
    offered = [*candidates(grid.lr, grid.num_cells, truths), *candidates(grid.lr, grid.num_cells, central)]
    num_seeds = sorted(knobs.seeds)[len(knobs.seeds) // 2]

    def score(candidate: Grid) -> tuple[int, float]:
        found = [answers(candidate, truth, knobs, num_seeds, _NUM_CHOOSING) for truth in truths]
        return sum(one.are_enough(knobs.enough_power) for one in found), sum(one.named for one in found)

    best, (most, total) = None, score((grid.lr, grid.wd))
    total += _NOTICEABLE
    for candidate in offered:
        found = score(candidate)
        if found > (most, total):
            best, (most, total) = candidate, found
    return best
