"""Claims on the ratio, the slope and their equality: Table 1, the universal ratio, the ANOVA."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import Entry, known, or_missing, or_undefined, reason, undefined
from lrwd.stats.interval import mean_interval
from lrwd.tables import anova, table1
from lrwd.tables._claims.claim import NONE, claim_row, gates, keyed
from lrwd.tables._claims.verdicts import (
    CONTRADICTED,
    NOT_IDENTIFIABLE,
    NOT_RUN,
    REPRODUCED,
    Ours,
    Verdict,
    estimate,
    inside,
    not_rejected,
)

# What "rho = 0.10" must be shown to, as a non-significant test shows nothing.
RHO_FACTOR = 1.5
_R2_LEAST = min(row.r2 for row in paper.TABLE_1)


def ratio_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    table = keyed(_estimates(runs), ("dataset", "label"))
    rows = []
    for row in paper.TABLE_1:
        place = (row.dataset, row.label)
        found = table.get(place)
        rho = _of(found, "rho", "rho_ci_low", "rho_ci_high")
        b = _of(found, "b", "b_ci_low", "b_ci_high")
        r2, delta = _of(found, "r2"), _of(found, "delta_p")
        p = or_missing(found["p_rho_0_10"]) if found else ""
        bare = undefined("no interval")
        verdicts = (
            (
                f"ρ = {row.rho:g}",
                (row.rho, row.rho_ci),
                rho,
                estimate(row.rho, row.rho_ci, 0.001, rho) if rho else None,
            ),
            (
                f"ρ = {paper.RHO:g} is not rejected, p = {row.p:g}",
                (row.p, None),
                rho and Ours(p, bare, bare, rho.blind, rho.recipe),
                not_rejected(p, paper.RHO, RHO_FACTOR, rho) if rho else None,
            ),
            (f"b = {row.b:g}", (row.b, row.b_ci), b, estimate(row.b, row.b_ci, 0.01, b) if b else None),
            (
                f"R² = {row.r2:g}, judged as at least {_R2_LEAST:g}, the least of Table 1",
                (row.r2, None),
                r2,
                inside(r2.value, _R2_LEAST - 0.005, 1.0, r2.blind) if r2 else None,
            ),
            (
                f"δ is not significant, p > {paper.DELTA_P_ABOVE:g}",
                (paper.DELTA_P_ABOVE, None),
                delta,
                inside(delta.value, paper.DELTA_P_ABOVE, 1.0, delta.blind) if delta else None,
            ),
        )
        rows += [
            claim_row(claim, "Table 1", place, published, ours, verdict or (NOT_RUN, NONE))
            for claim, published, ours, verdict in verdicts
        ]
    return rows


def _of(row: dict[str, Any] | None, value: str, low: str = "", high: str = "") -> Ours | None:
    """An estimate of table1's row; what rests on a grid that does not show the ridge is blind."""
    if row is None:
        return None
    bare = undefined("no interval")
    interval = (or_missing(row[low]), or_missing(row[high])) if low else (bare, bare)
    return Ours(or_missing(row[value]), *interval, row["gate"], row["recipe"])


def _estimates(runs: pd.DataFrame) -> pd.DataFrame:
    """table1 with a column ``gate``: why the grid does not show the ridge, else empty."""
    if not len(runs):
        return pd.DataFrame(columns=[*table1.COLUMNS, "gate"])
    table, why = table1.build(runs), gates(runs)
    return table.assign(gate=[why[place] for place in zip(table["dataset"], table["label"], strict=True)])


def universal_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """The universal ratio, and the ANOVA that is to show it."""
    table = _estimates(runs).to_dict("records")
    listed = [(row, _of(row, "rho", "rho_ci_low", "rho_ci_high")) for row in table]
    found = [known(ours.value) for _, ours in listed if ours and not ours.blind]
    seen = [value for value in found if value is not None]
    rho = f = None
    p: Entry = undefined(NONE)
    if listed:
        recipe = listed[0][0]["recipe"]
        mean = mean_interval(np.array(seen), paper.CI_LEVEL)
        few = "fewer than 2 architectures and data sets whose grid shows the ridge"
        rho = Ours(
            or_undefined(mean.mean, few), or_undefined(mean.ci_low, few), or_undefined(mean.ci_high, few), "", recipe
        )
        test = anova.build(runs).iloc[0]
        bare = undefined("no interval")
        blind = "" if len(seen) == len(listed) else f"the grid shows the ridge for {len(seen)} of {len(listed)} only"
        f, p = Ours(or_missing(test["f"]), bare, bare, blind, recipe), or_missing(test["p"])
    published = (paper.RHO, paper.RHO_CI)
    verdict = estimate(paper.RHO, paper.RHO_CI, 0.01, rho) if rho else (NOT_RUN, NONE)
    claim = f"ρ = {paper.RHO:g} for all; ours: mean over architectures and data sets"
    return [
        claim_row(claim, "abstract", ("all", "all"), published, rho, verdict),
        claim_row(
            f"ANOVA across architectures: F{paper.ANOVA.df} = {paper.ANOVA.f:g}, p = {paper.ANOVA.p:g}",
            "§4.1",
            ("all", "all"),
            (paper.ANOVA.f, None),
            f,
            _anova(p, f),
        ),
    ]


def _anova(p: Entry, f: Ours | None) -> Verdict:
    value = known(p)
    if f is None or f.blind or value is None:
        return NOT_IDENTIFIABLE, (f.blind if f else "") or reason(p)
    if value < 0.05:
        return CONTRADICTED, f"architectures differ, p = {value:.2g}"
    return REPRODUCED, f"not significant either, p = {value:.2g}, which by itself shows no equality"
