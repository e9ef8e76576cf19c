"""The bounds of post 003 beside what SGD measures on a convex problem."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import numbers
from lrwd.stats.interval import mean_interval
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables.convex_runs import BOUNDS

STUDIES: tuple[str, ...] = ()
TABLES = ("convex_runs",)
BROKEN, KEPT = "broken", "kept"
PLACES = {
    "average, bounded domain": "Eq. 4",
    "average": "Eq. 12",
    "weighted average": "Eq. 15",
    "last-1": "Eq. 22",
    "last-2": "Eq. 25",
    "last, by weights": "Eq. 28, proved in the next post",
}


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Set each schedule's measured gap beside each bound, at the theory's scale.

    Args:
        config, records: none.
        tables: ``convex_runs``.

    Returns:
        A row for each schedule and bound: mean gap and mean bound over the seeds with t intervals, ``tightness`` (gap
        over bound), and whether the bound is broken: whether the mean over the seeds of gap less bound is above 0 by
        more than its interval.
    """
    runs = tables["convex_runs"]
    runs = runs[runs["factor"] == 1]
    rows = []
    for (name, knows), own in runs.groupby(["schedule", "knows"], sort=False):
        for bound, kind in BOUNDS.items():
            rows.append({"schedule": name, "knows": knows, "bound": bound, **_row(own, bound, kind)})
    return pd.DataFrame(rows)


def _row(own: pd.DataFrame, bound: str, kind: str) -> dict[str, Any]:
    gap = own[f"gap_{kind}"]
    measured = mean_interval(gap.to_numpy(dtype=float), paper.CI_LEVEL)
    row: dict[str, Any] = {"gap": measured.mean, "gap_ci_low": measured.ci_low, "gap_ci_high": measured.ci_high}
    values = numbers(own[bound])
    if values.isna().any():
        (why,) = set(own[bound][values.isna()])
        return row | dict.fromkeys(("bound_value", "bound_ci_low", "bound_ci_high", "tightness", "bound_is"), why)
    allowed = mean_interval(values.to_numpy(dtype=float), paper.CI_LEVEL)
    over = mean_interval((gap - values).to_numpy(dtype=float), paper.CI_LEVEL)
    return row | {
        "bound_value": allowed.mean,
        "bound_ci_low": allowed.ci_low,
        "bound_ci_high": allowed.ci_high,
        "tightness": measured.mean / allowed.mean,
        "bound_is": BROKEN if over.ci_low > 0 else KEPT,
    }


def claims(table: pd.DataFrame) -> list[Claim]:
    """The inequalities."""
    return [_claim(table, bound) for bound in BOUNDS]


def _claim(table: pd.DataFrame, bound: str) -> Claim:
    rows = table[(table["bound"] == bound) & table["bound_is"].isin((BROKEN, KEPT))]
    text = f"The inequality “{bound}” bounds the loss of SGD on a convex problem"
    if rows.empty:
        return Claim("003", PLACES[bound], text, UNTESTED, "No schedule meets its conditions.")
    broken = int((rows["bound_is"] == BROKEN).sum())
    tightness = numbers(rows["tightness"])
    verdict = HOLDS if not broken else FAILS if broken == len(rows) else PARTLY
    return Claim(
        "003",
        PLACES[bound],
        text,
        verdict,
        f"Logistic regression on digits: broken under {broken} of {len(rows)} schedules that meet its conditions; "
        f"the measured gap is {tightness.min():.2g} to {tightness.max():.2g} of the bound.",
    )
