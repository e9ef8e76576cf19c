"""Claims on the cost of leaving the ratio, and of tuning the learning rate alone: Table 2, Gap_1D, savings."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis import deviation_fit, gap, table2
from lrwd.analysis._claim import NONE, claim_row, keyed
from lrwd.analysis._undefined import or_undefined, undefined
from lrwd.analysis._verdicts import NOT_RUN, Ours, at_most, entry, estimate, inside
from lrwd.stats.interval import mean_interval


def deviation_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    tables = (table2.build(runs), deviation_fit.build(runs)) if len(runs) else (None, None)
    drops = keyed(tables[0], ("dataset", "scope", "kappa")) if tables[0] is not None else {}
    rows = []
    for row in paper.TABLE_2:
        if row.ci_pp is None:
            continue
        found = drops.get((row.dataset, "all", row.kappa))
        ours = found and _plain(found, "drop_pp", "ci_low_pp", "ci_high_pp")
        verdict = estimate(row.drop_pp, row.ci_pp, 0.1, ours) if ours else (NOT_RUN, NONE)
        claim = f"drop at κ = {row.kappa:g}, in pp"
        rows.append(claim_row(claim, "Table 2", (row.dataset, "all"), (row.drop_pp, row.ci_pp), ours or None, verdict))
        if row.kappa in (0.5, 2.0):
            verdict = at_most(paper.TOLERANCE_PP, ours) if ours else (NOT_RUN, NONE)
            claim = f"less than {paper.TOLERANCE_PP:g} pp at κ = {row.kappa:g}"
            rows.append(
                claim_row(claim, "§4.2", (row.dataset, "all"), (paper.TOLERANCE_PP, None), ours or None, verdict)
            )
    zone = math.log(paper.TOLERANCE_KAPPA)
    for dataset in paper.DATASETS:
        fits = [] if tables[1] is None else _published_form(tables[1], dataset)
        ours = _plain(fits[0], "gamma", "gamma_ci_low", "gamma_ci_high") if fits else None
        verdict = estimate(zone, None, 0.1, ours) if ours else (NOT_RUN, NONE)
        claim = "tolerance zone κ in [0.5, 2]: γ = ln 2"
        rows.append(claim_row(claim, "§4.2", (dataset, "all"), (zone, None), ours, verdict))
    return rows


def _published_form(fits: pd.DataFrame, dataset: str) -> list[dict[str, Any]]:
    """The fit of the paper's own curve for all architectures of a data set."""
    kept = fits[(fits["dataset"] == dataset) & (fits["scope"] == "all")]
    return kept.to_dict("records")


def _plain(row: dict[str, Any], value: str, low: str, high: str) -> Ours:
    return Ours(entry(row[value]), entry(row[low]), entry(row[high]), "", row["recipe"])


def gap_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    table = gap.build(runs).to_dict("records") if len(runs) else []
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
    return [*rows, *_seed_sd(table), *_savings(table)]


def _numbers(table: Iterable[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([float(row[name]) for row in table if not isinstance(row[name], str)])


def _mean_gap(table: list[dict[str, Any]]) -> dict[str, Any]:
    ours = None
    if table:
        mean, few = mean_interval(_numbers(table, "gap_pp"), paper.CI_LEVEL), "fewer than 2 gaps"
        value, low, high = (or_undefined(value, few) for value in (mean.mean, mean.ci_low, mean.ci_high))
        ours = Ours(value, low, high, "", table[0]["recipe"])
    published = (paper.GAP_MEAN_PP, paper.GAP_MEAN_CI_PP)
    verdict = estimate(*published, 0.01, ours) if ours else (NOT_RUN, NONE)
    return claim_row("mean gap of the 1D protocol, in pp", "§4.3", ("all", "all"), published, ours, verdict)


def _seed_sd(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ours, verdict = None, (NOT_RUN, NONE)
    low, high = paper.SEED_SD_RANGE_PP
    if table:
        values = _numbers(table, "seed_sd_pp")
        median = float(np.median(values)) if len(values) else undefined("fewer than 2 seeds")
        ends = (float(values.min()), float(values.max())) if len(values) else (median, median)
        ours = Ours(median, *ends, "", table[0]["recipe"])
        verdict = inside(median, low - 0.005, high + 0.005)
    claim = f"SD between seeds {low:.2f} to {high:.2f} pp; ours: median and range over the groups' best cells"
    return [claim_row(claim, "§4.3", ("all", "all"), ((low + high) / 2, (low, high)), ours, verdict)]


def _savings(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    line, grid = _numbers(table, "num_runs_1d").sum(), _numbers(table, "num_runs_2d").sum()
    rows = []
    for where, factor in (("abstract", paper.SAVING_FACTORS[0]), ("§4.3", paper.SAVING_FACTORS[1])):
        ours, verdict = None, (NOT_RUN, NONE)
        if table:
            bare = undefined("a count")
            value = or_undefined(float(grid / line) if line else math.nan, "no run on the line")
            ours = Ours(value, bare, bare, "", table[0]["recipe"])
            verdict = inside(value, factor - 0.05, factor + 0.05)
        claim = f"the 1D protocol takes {factor:g} times fewer runs than the grid"
        rows.append(claim_row(claim, where, ("all", "all"), (factor, None), ours, verdict))
    return rows
