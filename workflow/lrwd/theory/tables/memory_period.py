"""Measured memory periods beside the predicted 1/(lr*wd), from trainings of one epoch."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.undefined import numbers, or_undefined
from lrwd.reports.wording import rounded
from lrwd.stats.shape_fit import ShapeFit
from lrwd.theory.formulas.memory import memory_period_approximate
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, UNTESTED, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._memory import Remembered, fit_period, remembered

STUDIES = ("memory", "memory_schedules")
TABLES: tuple[str, ...] = ()
E_TIMES = 1 / np.e
# Within this factor a measured period counts as the predicted one.
NEAR = 2.0


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Fit the memory period of every (recipe, lr, wd) and set it beside 1/(lr*wd).

    Args:
        config: none.
        records: of the studies; cells that they share count once.
        tables: none.

    Returns:
        A row for each (recipe, lr, wd), periods in steps at the peak learning rate. ``with_forgetting`` is
        1/(lr*wd + r), with r the rate measured at the same lr without decay; NA where there is no such row.
    """
    groups = {tuple(one.key.values()): one for study in STUDIES for one in remembered(records[study])}
    fits = {key: fit_period(one) for key, one in groups.items()}
    # The rate at which later steps overwrite what earlier ones learnt, measured without decay.
    forgetting = {
        (one.arch, one.peak_lr): 1.0 / fits[key].value
        for key, one in groups.items()
        if one.peak_wd == 0 and np.isfinite(fits[key].value)
    }
    rows = [_row(one, fits[key], forgetting.get((one.arch, one.peak_lr), np.nan)) for key, one in groups.items()]
    return pd.DataFrame(rows)


def _row(one: Remembered, fit: ShapeFit, forgetting: float) -> dict[str, Any]:
    predicted = memory_period_approximate(one.peak_lr, one.peak_wd, E_TIMES)
    with_forgetting = 1.0 / (one.peak_lr * one.peak_wd + forgetting)
    own = one.weights()
    explained = _gain(one, own) / fit.gains.max() if fit.gains.max() > 0 else np.nan
    over = fit.reason or "nothing decays"
    no_rate = "the same lr has no training without decay, or nothing is remembered there"
    return {
        **one.key,
        "predicted_period": predicted if np.isfinite(predicted) else "infinite",
        "measured_period": or_undefined(fit.value, fit.reason),
        "ci_low": or_undefined(fit.ci_low, fit.reason),
        "ci_high": or_undefined(fit.ci_high, fit.reason),
        "measured_over_predicted": or_undefined(fit.value / predicted if np.isfinite(predicted) else np.nan, over),
        "with_forgetting": or_undefined(with_forgetting, no_rate),
        "measured_over_with_forgetting": or_undefined(fit.value / with_forgetting, fit.reason or no_rate),
        "explained_by_prediction": or_undefined(explained, "no shape explains anything"),
    }


def _gain(one: Remembered, shape: np.ndarray) -> float:
    """Sum of squares that a shape explains at its best scale, as ``fit_shape`` counts it."""
    products = np.nansum(one.num_wrong * np.where(one.num_wrong > 0, one.margin, 0.0) * shape)
    return float(max(products, 0.0) ** 2 / np.sum(one.num_wrong * shape**2))


def claims(table: pd.DataFrame) -> list[Claim]:
    """The memory period."""
    rows = table[(table["schedule"] == "constant") & (table["wd"] > 0)].drop_duplicates(["arch", "lr", "wd"])
    ratios = numbers(rows["measured_over_predicted"])
    near = (ratios > 1 / NEAR) & (ratios < NEAR)
    known = ratios.notna()
    # A period longer than the training cannot be measured in it.
    visible = known & (numbers(rows["predicted_period"]) < rows["num_steps"])
    verdict = UNTESTED if not known.any() else HOLDS if near[known].all() else PARTLY if near.any() else FAILS
    listed = "; ".join(
        f"ηλ = {rounded(row.lr_wd)} (η = {rounded(row.lr)}): {rounded(row.measured_period)} "
        f"({rounded(row.ci_low)} to {rounded(row.ci_high)}) against {rounded(row.predicted_period)}"
        for row in rows[known].sort_values("lr_wd").itertuples()
    )
    text = "A batch is remembered for a number of steps in proportion to 1/(ηλ)"
    return [
        Claim(
            "000",
            "Memory Period",
            text,
            verdict,
            f"Within a factor of {NEAR:g} at {int(near[visible].sum())} of {int(visible.sum())} (η, λ) whose 1/(ηλ) is "
            f"within the training, at {int(near[known & ~visible].sum())} of {int((known & ~visible).sum())} beyond. "
            f"With r, the rate of forgetting at λ = 0, 1/(ηλ + r) is within it at {_near_with_forgetting(rows)}. "
            f"Steps, measured (95% CI) against 1/(ηλ): {listed or 'none'}.",
        ),
        _without_decay(table),
    ]


def _near_with_forgetting(rows: pd.DataFrame) -> str:
    ratios = numbers(rows["measured_over_with_forgetting"]).dropna()
    return f"{int(((ratios > 1 / NEAR) & (ratios < NEAR)).sum())} of {len(ratios)}"


def _without_decay(table: pd.DataFrame) -> Claim:
    rows = table[(table["schedule"] == "constant") & (table["wd"] == 0)].drop_duplicates(["arch", "lr"])
    known = rows[numbers(rows["measured_period"]).notna()]
    finite = numbers(known["ci_high"]) < known["num_steps"]
    verdict = UNTESTED if known.empty else FAILS if finite.all() else PARTLY if finite.any() else HOLDS
    listed = "; ".join(
        f"η = {rounded(row.lr)}: {rounded(row.measured_period)} ({rounded(row.ci_low)} to {rounded(row.ci_high)})"
        for row in known.itertuples()
    )
    text = "Without decay nothing is forgotten: the memory period is infinite"
    found = f"Later steps overwrite earlier ones all the same. Steps, measured (95% CI): {listed or 'none'}."
    return Claim("000", "Memory Period, λ = 0", text, verdict, found)
