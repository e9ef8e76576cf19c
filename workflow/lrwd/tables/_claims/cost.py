"""Claims on the cost of leaving the ratio, and of tuning the learning rate alone: Table 2, Gap_1D, savings."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import as_array, known, or_missing, or_undefined, undefined
from lrwd.stats.gap import best_cell
from lrwd.stats.interval import mean_interval, pooled_sd
from lrwd.tables import deviation_fit, gap, table2
from lrwd.tables._claims.claim import NONE, claim_row, gates, keyed
from lrwd.tables._claims.verdicts import (
    NOT_RUN,
    Interval,
    Ours,
    Verdict,
    at_least,
    at_most,
    estimate,
    inside,
    within,
)

Published = tuple[float, Interval | None]


def deviation_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    tables = (table2.build(runs), deviation_fit.build(runs)) if len(runs) else (None, None)
    drops = keyed(tables[0], ("dataset", "scope", "kappa")) if tables[0] is not None else {}
    blind = _blind(runs)
    rows = []
    for row in paper.TABLE_2:
        if row.ci_pp is None:
            continue
        place, kappa = (row.dataset, "all"), f"{row.kappa:g}"
        drop = partial(estimate, row.drop_pp, row.ci_pp, 0.1)
        found = drops.get((*place, row.kappa))
        ours = _plain(found, "drop_pp", "ci_low_pp", "ci_high_pp", blind[row.dataset][0]) if found else None
        bound, rule, words = paper.LOSS_BEYOND_2X_PP, at_least, "over"
        if row.kappa in (0.5, 2.0):
            bound, rule, words = paper.TOLERANCE_PP, at_most, "less than"
        stated: list[tuple[str, str, Published, Callable[[Ours], Verdict]]] = [
            (f"drop at κ = {kappa}, in pp", "Table 2", (row.drop_pp, row.ci_pp), drop),
            (f"the drop at κ = {kappa} is above 0, p {row.p}", "Table 2", (0.0, None), partial(at_least, 0.0)),
            (f"{words} {bound:g} pp at κ = {kappa}", "§4.2", (bound, None), partial(rule, bound)),
        ]
        for claim, where, published, judge in stated:
            verdict = judge(ours) if ours else (NOT_RUN, NONE)
            rows.append(claim_row(claim, where, place, published, ours, verdict))
    zone = math.log(paper.TOLERANCE_KAPPA)
    for dataset in paper.DATASETS:
        fits = [] if tables[1] is None else _published_form(tables[1], dataset)
        ours = _plain(fits[0], "gamma", "gamma_ci_low", "gamma_ci_high", blind[dataset][1]) if fits else None
        verdict = estimate(zone, None, 0.1, ours) if ours else (NOT_RUN, NONE)
        claim = "tolerance zone κ in [0.5, 2]: γ = ln 2"
        rows.append(claim_row(claim, "§4.2", (dataset, "all"), (zone, None), ours, verdict))
    return rows


def _blind(runs: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Why a data set cannot show the drops along its ratio, and those against λ*(η); empty where it can.

    A line whose ratio was given beforehand needs no λ*; one whose ratio was estimated from the grid does.
    """
    lines = gap.build(runs).to_dict("records") if len(runs) else []
    estimated = {(row["dataset"], row["label"]) for row in lines if row["rho_from"] != gap.GIVEN}
    unseen = {place for place, reason in gates(runs).items() if reason}
    return {dataset: (_unseen(dataset, unseen & estimated), _unseen(dataset, unseen)) for dataset in paper.DATASETS}


def _unseen(dataset: str, places: set[tuple[str, str]]) -> str:
    number = sum(place[0] == dataset for place in places)
    return f"it rests on λ*(η), which the grid does not show on {number} architectures" if number else ""


def _published_form(fits: pd.DataFrame, dataset: str) -> list[dict[str, Any]]:
    """The fit of the paper's own curve for all architectures of a data set."""
    kept = fits[(fits["dataset"] == dataset) & (fits["scope"] == "all")]
    return kept.to_dict("records")


def _plain(row: dict[str, Any], value: str, low: str, high: str, blind: str = "") -> Ours:
    return Ours(or_missing(row[value]), or_missing(row[low]), or_missing(row[high]), blind, row["recipe"])


def gap_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    table = gap.build(runs).to_dict("records") if len(runs) else []
    # The claims are on λ = 0.10·η: of another line, or of none, nothing was run.
    table = [row for row in table if math.isclose(known(row["rho"]) or 0.0, paper.RHO)]
    by_place = {(row["dataset"], row["label"]): row for row in table}
    rows = []
    for place in ((row.dataset, row.label) for row in paper.TABLE_1):
        found = by_place.get(place)
        ours = _plain(found, "gap_pp", "gap_ci_low_pp", "gap_ci_high_pp") if found else None
        claim = f"the 1D protocol loses at most {paper.GAP_BOUND_PP:g} pp"
        verdict = at_most(paper.GAP_BOUND_PP, ours) if ours else (NOT_RUN, NONE)
        rows.append(claim_row(claim, "abstract, §4.3", place, (paper.GAP_BOUND_PP, None), ours, verdict))
    rows.append(_mean_gap(table))
    label, dataset = paper.GAP_LARGEST_AT
    largest = by_place.get((dataset, label))
    ours = _plain(largest, "gap_pp", "gap_ci_low_pp", "gap_ci_high_pp") if largest else None
    verdict = estimate(paper.GAP_LARGEST_PP, None, 0.01, ours) if ours else (NOT_RUN, NONE)
    rows.append(claim_row("largest gap, in pp", "§4.3", (dataset, label), (paper.GAP_LARGEST_PP, None), ours, verdict))
    return [*rows, *_seed_sd(runs), *_savings(table)]


def _mean_gap(table: list[dict[str, Any]]) -> dict[str, Any]:
    ours = None
    if table:
        gaps = as_array(row["gap_pp"] for row in table)
        gaps = gaps[np.isfinite(gaps)]
        mean, few = mean_interval(gaps, paper.CI_LEVEL), "fewer than 2 gaps"
        value, low, high = (or_undefined(value, few) for value in (mean.mean, mean.ci_low, mean.ci_high))
        ours = Ours(value, low, high, "", table[0]["recipe"])
    published = (paper.GAP_MEAN_PP, paper.GAP_MEAN_CI_PP)
    verdict = estimate(*published, 0.01, ours) if ours else (NOT_RUN, NONE)
    return claim_row("mean gap of the 1D protocol, in pp", "§4.3", ("all", "all"), published, ours, verdict)


def _seed_sd(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """The SD between seeds at the best cells, pooled."""
    ours = None
    low, high = paper.SEED_SD_RANGE_PP
    best = [best_cell(group.grid) for group in groups(runs) if group.grid is not None] if len(runs) else []
    if best:
        several = [cell for cell in best if cell.num_seeds > 1]
        sd, df = (np.array([getattr(cell, name) for cell in several]) for name in ("seed_sd", "num_seeds"))
        few = undefined("fewer than 2 seeds")
        pooled = pooled_sd(100 * sd, df - 1, paper.CI_LEVEL) if several else (few, few, few)
        ours = Ours(pooled[0], pooled[1], pooled[2], "", str(runs["recipe"].iloc[0]))
    claim = f"SD between seeds {low:.2f} to {high:.2f} pp; ours: pooled over the groups' best cells"
    verdict = within(low - 0.005, high + 0.005, ours) if ours else (NOT_RUN, NONE)
    return [claim_row(claim, "§4.3", ("all", "all"), ((low + high) / 2, (low, high)), ours, verdict)]


def _savings(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    line, grid = (sum(row[name] for row in table) for name in ("num_runs_1d", "num_runs_2d"))
    rows = []
    for where, factor in (("abstract", paper.SAVING_FACTORS[0]), ("§4.3", paper.SAVING_FACTORS[1])):
        ours = None
        if table:
            bare = undefined("a count")
            ours = Ours(grid / line, bare, bare, "", table[0]["recipe"])
        verdict = inside(grid / line, factor - 0.05, factor + 0.05) if table else (NOT_RUN, NONE)
        claim = f"the 1D protocol takes {factor:g} times fewer runs than the grid"
        rows.append(claim_row(claim, where, ("all", "all"), (factor, None), ours, verdict))
    return rows
