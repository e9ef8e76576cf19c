"""Which batches are remembered under each schedule: rates, predicted weights and what was measured, by tenths."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.undefined import numbers, or_undefined
from lrwd.reports.wording import rounded
from lrwd.stats.bootstrap import no_interval_reason, percentile_interval, seed_multisets
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._memory import Remembered, remembered

STUDIES = ("memory_schedules",)
TABLES = ("memory_period",)
NUM_PARTS = 10
# The last parts of which ``late_share`` is the sum.
LATE = 2


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Share of all that is remembered that lies in each tenth of the training.

    Args:
        config: none.
        records: of the study.
        tables: ``memory_period``, for the rate of forgetting without decay.

    Returns:
        A row for each recipe and tenth: mean learning rate and decay as shares of their peak; ``weight_share``, the
        predicted share of the weights; ``weight_share_with_forgetting``, with the forgetting measured without decay
        counted as decay; ``measured_share`` of the label margins with its interval over resampled seeds, and
        ``late_share``, that of the last two tenths, the same in every row of a recipe.
    """
    return pd.DataFrame([row for one in remembered(records["memory_schedules"]) for row in _rows(one, tables)])


def _rows(one: Remembered, tables: Tables) -> list[dict[str, Any]]:
    parts = np.array_split(np.arange(len(one.lr)), NUM_PARTS)
    shares, low, high, reason = _measured(one, [*parts, np.concatenate(parts[-LATE:])])
    late = {
        "late_share": or_undefined(shares[-1], reason),
        "late_ci_low": or_undefined(low[-1], reason),
        "late_ci_high": or_undefined(high[-1], reason),
    }
    with_forgetting = _with_forgetting(one, tables["memory_period"])
    weight = one.weights()
    rows = []
    for index, part in enumerate(parts):
        rows.append(
            {
                **one.key,
                "part": index + 1,
                "lr_share": one.lr[part].mean() / one.peak_lr,
                "wd_share": one.wd[part].mean() / one.peak_wd if one.peak_wd else np.nan,
                "weight_share": weight[part].sum() / weight.sum(),
                "weight_share_with_forgetting": with_forgetting[part].sum() / with_forgetting.sum(),
                "measured_share": or_undefined(shares[index], reason),
                "ci_low": or_undefined(low[index], reason),
                "ci_high": or_undefined(high[index], reason),
                **late,
            }
        )
    return rows


def _with_forgetting(one: Remembered, periods: pd.DataFrame) -> np.ndarray:
    """Predicted weights with 1/(lr*period at wd = 0) added to the decay."""
    same = periods[(periods["arch"] == one.arch) & (periods["lr"] == one.peak_lr) & (periods["wd"] == 0)]
    period = numbers(same["measured_period"]).min()
    if not np.isfinite(period):
        return np.full(len(one.lr), np.nan)
    return one.weights(one.wd + 1.0 / (one.peak_lr * period))


def _measured(one: Remembered, parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Share of each set of steps in the margins summed over all seeds, its interval, and why there is none."""
    summed = np.where(one.num_wrong > 0, one.margin, 0.0) * one.num_wrong
    sums = np.stack([summed[:, part].sum(1) for part in parts], axis=1)
    shares = sums.sum(0) / summed.sum()
    nothing = np.full(len(parts), np.nan)
    reason = no_interval_reason(len(sums))
    if reason:
        return shares, nothing, nothing, reason
    resamples, probability = seed_multisets(len(sums))
    drawn = resamples @ sums
    totals = resamples @ summed.sum(1, keepdims=True)
    if percentile_interval(totals[:, 0], probability, paper.CI_LEVEL)[0] <= 0:
        return nothing, nothing, nothing, "nothing stands out from noise"
    drawn = drawn / totals
    limits = [percentile_interval(drawn[:, index], probability, paper.CI_LEVEL) for index in range(len(parts))]
    return shares, np.array([low for low, _ in limits]), np.array([high for _, high in limits]), ""


def claims(table: pd.DataFrame) -> list[Claim]:
    """Equal weights are equal memories; and a batch counts in proportion to its learning rate."""
    return [_equal(table)]


def _equal(table: pd.DataFrame) -> Claim:
    text = "Under the schedules of equal weight every batch is remembered alike"
    rows = table[table["schedule"].isin(["equal_weight", "equal_weight_both"])]
    predicted = rows[rows["part"] > NUM_PARTS - LATE].groupby("recipe")["weight_share"].sum()
    late = rows.drop_duplicates("recipe").set_index("recipe")[["late_share", "late_ci_low", "late_ci_high"]]
    late = late.apply(numbers).dropna()
    if late.empty:
        return Claim("000", "Optimal Schedule", text, UNTESTED, "Nothing that is remembered stands out from noise.")
    agrees = [row.late_ci_low <= predicted[recipe] <= row.late_ci_high for recipe, row in late.iterrows()]
    listed = "; ".join(
        f"`{recipe}` {rounded(row.late_share)} ({rounded(row.late_ci_low)} to {rounded(row.late_ci_high)}), predicted "
        f"{rounded(predicted[recipe])}"
        for recipe, row in late.iterrows()
    )
    found = f"Share of what is remembered that lies in the last {LATE} of {NUM_PARTS} parts of the steps: {listed}."
    return Claim("000", "Optimal Schedule", text, HOLDS if all(agrees) else PARTLY if any(agrees) else FAILS, found)
