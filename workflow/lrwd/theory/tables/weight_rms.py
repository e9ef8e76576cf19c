"""Weight RMS of each kind of layer at the end, beside the transient and sqrt(lr/(2 wd))."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import numbers, undefined
from lrwd.reports.wording import rounded
from lrwd.stats.interval import mean_interval
from lrwd.theory.formulas.weight_rms import asymptotic_rms
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._weight_rms import Path, paths

STUDIES = ("weight_rms",)
TABLES: tuple[str, ...] = ()
# A measured RMS within this factor of the prediction counts as agreeing.
NEAR = 1.25
# A training of at least this many memory periods 1/(lr*wd) counts as asymptotic.
SETTLED = 2.0
# Trainings test the prediction without decay only if it grows by more than this factor.
MOVED = 1.25
NO_DECAY = undefined("no decay")


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Compare the RMS after the last step with what is predicted from the initial one.

    Args:
        config: none.
        records: of the study.
        tables: none.

    Returns:
        A row for each (arch, recipe, lr, wd, kind of layer): ``memories`` is T lr wd with the decay of this kind;
        ``measured`` a mean over seeds, ``measured_over_transient`` the mean of the seeds' ratios with its 95% t
        interval, ``measured_over_asymptote`` likewise without one (NA where this kind does not decay).
    """
    return pd.DataFrame([_row(path) for path in paths(records["weight_rms"])])


def _row(path: Path) -> dict[str, Any]:
    ratio = mean_interval(path.measured[:, -1] / path.predicted[:, -1], paper.CI_LEVEL)
    limit = float(asymptotic_rms(path.key["lr"], path.wd)) if path.wd else np.inf
    return {
        **path.key,
        "decays": "yes" if path.wd else "no",
        "memories": float(path.steps[-1] * path.key["lr"] * path.wd),
        "initial": path.first.mean(),
        "measured": path.measured[:, -1].mean(),
        "transient": path.predicted[:, -1].mean(),
        "measured_over_transient": ratio.mean,
        "ci_low": ratio.ci_low,
        "ci_high": ratio.ci_high,
        "asymptote": limit if path.wd else NO_DECAY,
        "measured_over_asymptote": path.measured[:, -1].mean() / limit if path.wd else NO_DECAY,
    }


def claims(table: pd.DataFrame) -> list[Claim]:
    """The asymptote, and the growth without decay."""
    settled = table[table["memories"] >= SETTLED]
    still = table[table["decays"] == "no"]
    moved = still[(still["transient"] / still["initial"]) > MOVED]
    return [
        _claim(
            settled.assign(ratio=numbers(settled["measured_over_asymptote"])),
            "Memory Period, weight RMS",
            "AdamW's weight RMS tends to √(η/2λ)",
            f"after {SETTLED:g} or more memories 1/(ηλ)",
        ),
        _claim(
            moved.assign(ratio=moved["measured_over_transient"]),
            "Memory Period, weight RMS at λ = 0",
            "Without decay the weight RMS grows without bound, at a rate of √(ηt)",
            "against the random walk's η√t, as √(ηt) is a slip: it has another unit",
        ),
    ]


def _claim(rows: pd.DataFrame, place: str, text: str, where: str) -> Claim:
    if rows.empty:
        return Claim("000", place, text, UNTESTED, "No training was long enough.")
    near = (rows["ratio"] > 1 / NEAR) & (rows["ratio"] < NEAR)
    verdict = HOLDS if near.all() else PARTLY if near.any() else FAILS
    listed = "; ".join(
        f"{kind}: {int(near[own.index].sum())} of {len(own)}, "
        f"{rounded(own['ratio'].min())} to {rounded(own['ratio'].max())}"
        for kind, own in rows.groupby("kind")
    )
    found = f"Measured over predicted, {where}, within a factor of {NEAR:g} and range, by kind of layer: {listed}."
    return Claim("000", place, text, verdict, found)
