"""What the parts of the table of claims share: a row, and why a grid does not show λ*(η)."""

from typing import Any

import pandas as pd

from lrwd.analysis.ridges import fit_ridges
from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import undefined
from lrwd.tables._claims.verdicts import NOT_RUN, Ours, Verdict

NONE = "no training of it in this study"


def claim_row(
    claim: str,
    where: str,
    place: tuple[str, str],
    published: tuple[float, tuple[float, float] | None],
    ours: Ours | None,
    verdict: Verdict,
) -> dict[str, Any]:
    """One row; ``place`` is (data set, label), ``ours`` None where nothing was trained."""
    value, interval = published
    no_interval = undefined("no interval printed")
    found = ours or Ours(*[undefined(NONE)] * 3)
    return {
        "claim": claim,
        "where": where,
        "dataset": place[0],
        "label": place[1],
        "recipe": found.recipe or undefined(NONE),
        "published": value,
        "published_ci_low": interval[0] if interval else no_interval,
        "published_ci_high": interval[1] if interval else no_interval,
        "ours": found.value,
        "ours_ci_low": found.low,
        "ours_ci_high": found.high,
        "verdict": verdict[0] if ours else NOT_RUN,
        "reason": verdict[1] if ours else NONE,
    }


def keyed(table: pd.DataFrame, names: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[name] for name in names): row for row in table.to_dict("records")}


def gates(runs: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Why the grid does not show the ridge, else empty, for each data set and label."""
    return {(group.dataset, group.label): fit_ridges(group).blind for group in (groups(runs) if len(runs) else [])}
