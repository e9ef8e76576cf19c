"""The ridge of best weight decays against learning rate: its slope b, and what stays constant along it."""

from typing import Any

import pandas as pd

from lrwd.analysis.ridges import Ridges, fit_ridges
from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.ridge import Ridge, verdict

COLUMNS = (
    *("arch", "dataset", "label", "recipe", "estimator", "b", "b_ci_low", "b_ci_high", "log_wd_ref", "log_wd_ref_se"),
    *("lr_ref", "scatter", "curvature", "curvature_ci_low", "curvature_ci_high", "local_slope_low"),
    *("local_slope_high", "num_interior", "num_censored", "num_flat", "weight_ratio", "weight_constant"),
    *("weight_timescale", "verdict", "reason"),
)
_COUNTS = ("num_interior", "num_censored", "num_flat")
_NUMBERS = [name for name in COLUMNS[5:-2] if name not in _COUNTS]
_FEW = "needs 5 interior peaks"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Fit ln lambda* = a + b ln eta to each group by three estimators.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        Three rows for each group: ``censored_peak`` (recommended), ``response_surface``, ``argmax_ols`` (the paper's).
        Accuracies are those that select; 95% intervals. The counts of learning rates are the same for all three.

    Source: see ``stats.censored_peak``, ``stats.response_surface``, ``stats.argmax_ols``.
    """
    rows = []
    for group in groups(runs):
        ridges = fit_ridges(group)
        rows += [
            {**group.key, **_counts(ridges), "estimator": name, **_row(ridge)}
            for name, ridge in ridges.by_estimator.items()
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _counts(ridges: Ridges) -> dict[str, Any]:
    peaks = ridges.peaks
    if peaks is None:
        return dict.fromkeys(_COUNTS, 0)
    return dict(zip(_COUNTS, (int(peaks.is_peak.sum()), int(peaks.is_censored.sum()), peaks.num_flat), strict=True))


def _row(ridge: Ridge) -> dict[str, Any]:
    call, reason = verdict(ridge)
    entries: dict[str, Any] = {"verdict": call, "reason": reason}
    if ridge.reason:
        return dict.fromkeys(_NUMBERS, undefined(ridge.reason)) | entries
    no_interval = "the seeds allow no bootstrap interval"
    return entries | {
        "b": ridge.b,
        "b_ci_low": or_undefined(ridge.b_ci[0], no_interval),
        "b_ci_high": or_undefined(ridge.b_ci[1], no_interval),
        "log_wd_ref": ridge.ln_wd_ref,
        "log_wd_ref_se": or_undefined(ridge.ln_wd_ref_se, no_interval),
        "lr_ref": ridge.lr_ref,
        "scatter": ridge.scatter,
        "curvature": or_undefined(ridge.curvature, _FEW),
        "curvature_ci_low": or_undefined(ridge.curvature_ci[0], _FEW),
        "curvature_ci_high": or_undefined(ridge.curvature_ci[1], _FEW),
        "local_slope_low": or_undefined(ridge.slope_low, _FEW),
        "local_slope_high": or_undefined(ridge.slope_high, _FEW),
        **dict(zip(("weight_ratio", "weight_constant", "weight_timescale"), ridge.weights, strict=True)),
    }
