"""Claims on rho with other batch sizes, schedules, lengths and with SGD: §4.4."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import or_missing
from lrwd.tables import robustness
from lrwd.tables._claims.claim import NONE, claim_row
from lrwd.tables._claims.verdicts import NOT_RUN, Ours


def robustness_claims(runs: pd.DataFrame) -> list[dict[str, Any]]:
    """One row for each claim and group that it is about, or one "not run"."""
    table = robustness.build(runs).to_dict("records") if len(runs) else []
    rows = []
    for claim in paper.ROBUSTNESS:
        text, (low, high) = f"ρ with {claim.setting}", claim.rho
        published = ((low + high) / 2, claim.rho_ci or claim.rho)
        found = [row for row in table if row["published_setting"] == claim.setting]
        for row in found:
            value, low_end, high_end = (or_missing(row[name]) for name in ("rho", "rho_ci_low", "rho_ci_high"))
            ours = Ours(value, low_end, high_end, "", str(row["recipe"]))
            verdict = (row["agreement"], row["agreement_reason"])
            rows.append(claim_row(text, "§4.4", (row["dataset"], row["label"]), published, ours, verdict))
        if not found:
            rows.append(claim_row(text, "§4.4", ("all", claim.where), published, None, (NOT_RUN, NONE)))
    return rows
