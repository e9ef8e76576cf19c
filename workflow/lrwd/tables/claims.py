"""Table of every number that the paper claims, with ours beside it and a verdict."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.settings import of_protocol
from lrwd.tables._claims.claim import NONE, claim_row
from lrwd.tables._claims.cost import deviation_claims, gap_claims
from lrwd.tables._claims.ratio import ratio_claims, universal_claims
from lrwd.tables._claims.robustness import robustness_claims
from lrwd.tables._claims.verdicts import NOT_RUN

COLUMNS = (
    *("claim", "where", "dataset", "label", "recipe", "published", "published_ci_low", "published_ci_high"),
    *("ours", "ours_ci_low", "ours_ci_high", "verdict", "reason"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Compare the paper's numbers with those of trainings on the same data set and of the same architecture's label.

    Args:
        runs: the runs table, one row a cell; of it, the paper's data sets and labels count, for each claim with the
            optimizer, schedule, epochs and batch size that it is about (where the runs tell).

    Returns:
        One row a claim (and recipe that was trained). ``verdict`` follows the rules of ``_claims/verdicts``:
        ``reproduced``, ``contradicted``, ``not identifiable`` if the grid or the interval cannot tell, ``not run``.

    Source: lrwd/paper.py.
    """
    ours = runs[runs["dataset"].isin(paper.DATASETS) & runs["label"].isin(paper.LABELS) & of_protocol(runs)]
    recipes = list(dict.fromkeys(ours["recipe"]))
    rows: list[dict[str, Any]] = []
    for recipe in recipes or [""]:
        mine = ours[ours["recipe"] == recipe]
        rows += [*ratio_claims(mine), *universal_claims(mine), *deviation_claims(mine), *gap_claims(mine)]
    rows += [*robustness_claims(runs), *_hours()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _hours() -> list[dict[str, Any]]:
    """Claims that cannot be compared with runs, as the table of runs has no hours of an A100."""
    return [
        claim_row("A100-hours", "hardware requirements", (dataset, "all"), (hours, None), None, (NOT_RUN, NONE))
        for dataset, hours in paper.A100_HOURS.items()
    ]
