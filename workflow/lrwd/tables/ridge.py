"""The ridge of best weight decays against learning rate: its slope b, and what stays constant along it."""

import math
from typing import Any

import pandas as pd

from lrwd.analysis.response import response_of
from lrwd.analysis.ridges import ESTIMATORS, NO_GRID, ROW_LIKELIHOOD, Ridges, fit_ridges
from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.ridge import Ridge
from lrwd.stats.row_ridge import RowRidge

# What only the recommended estimator gives.
_OF_ROWS = (
    *(
        "b_ci99_low",
        "b_ci99_high",
        "lr_low",
        "lr_high",
        "log_wd_low",
        "log_wd_high",
        "local_slope_low_ci_low",
        "local_slope_low_ci_high",
    ),
    *("local_slope_high_ci_low", "local_slope_high_ci_high", "p_power_law", "p_bend"),
)
_NOISE = ("noise_sd", "row_seed_sd")
COLUMNS = (
    *(
        "arch",
        "dataset",
        "label",
        "recipe",
        "metric",
        "estimator",
        "b",
        "b_ci_low",
        "b_ci_high",
        "log_wd_ref",
        "log_wd_ref_se",
    ),
    *("lr_ref", "scatter", "curvature", "curvature_ci_low", "curvature_ci_high", "local_slope_low"),
    *("local_slope_high", *_OF_ROWS, "bends", "num_rows", "num_all_rows", *_NOISE, "noise_from", "rows_from"),
    *("num_interior", "num_censored", "num_flat", "weight_ratio", "weight_constant"),
    *("weight_timescale", "excluded", "verdict", "reason"),
)
_COUNTS = ("num_interior", "num_censored", "num_flat")
_NUMBERS = [
    *COLUMNS[6:18],
    *("weight_ratio", "weight_constant", "weight_timescale"),
]
_FEW = "needs 5 interior peaks"
_NO_INTERVAL = "the seeds allow no bootstrap interval"


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Fit ln lambda* = a + b ln eta to each group by four estimators.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        Four rows for each group: ``row_likelihood`` (recommended), ``censored_peak``, ``response_surface``,
        ``argmax_ols`` (the paper's). The metric is the one that selects (of the last three, accuracy); 95% intervals,
        and 99% ones as ``b_ci99``.
        ``excluded`` lists the slopes outside the 99% interval. The counts of learning rates with a peak, a bound or
        neither are those of the parabolas at each learning rate, the same for all four.

    Source: see ``stats.row_ridge``, ``stats.censored_peak``, ``stats.response_surface``, ``stats.argmax_ols``.
    """
    rows = []
    for group in groups(runs):
        ridges, response = fit_ridges(group), response_of(group)
        metric = undefined(NO_GRID) if response is None else response.name
        for name in ESTIMATORS:
            own = _of_rows(ridges.row) if name == ROW_LIKELIHOOD else _not_of_rows()
            entries = {**group.key, **_counts(ridges), "metric": metric, "estimator": name}
            entries |= own | _row(ridges.by_estimator[name])
            rows.append(entries | dict(zip(("verdict", "reason"), ridges.verdict(name), strict=True)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _counts(ridges: Ridges) -> dict[str, Any]:
    peaks = ridges.peaks
    if peaks is None:
        return dict.fromkeys(_COUNTS, 0)
    return dict(zip(_COUNTS, (int(peaks.is_peak.sum()), int(peaks.is_censored.sum()), peaks.num_flat), strict=True))


def _of_rows(row: RowRidge) -> dict[str, Any]:
    ends = (row.ln_wd(row.lr_low)[0], row.ln_wd(row.lr_high)[0]) if row.has_number else (math.nan, math.nan)
    slopes = (*row.slope_low_ci, *row.slope_high_ci)
    values = (*row.b_ci99, row.lr_low, row.lr_high, *ends, *slopes, row.p_power_law, row.p_bend)
    return {
        **{name: or_undefined(value, row.reason) for name, value in zip(_OF_ROWS, values, strict=True)},
        "bends": ("yes" if row.bends else "no") if row.has_number else undefined(row.reason),
        "num_rows": row.num_rows,
        "num_all_rows": row.num_all_rows,
        "noise_sd": or_undefined(row.noise_sd, row.reason),
        "row_seed_sd": or_undefined(row.row_seed_sd, row.reason),
        "noise_from": row.noise_source or undefined(row.reason),
        "rows_from": row.rows_from,
        "excluded": ", ".join(row.excluded),
    }


def _not_of_rows() -> dict[str, Any]:
    names = (*_OF_ROWS, "bends", "num_rows", "num_all_rows", *_NOISE, "noise_from", "rows_from", "excluded")
    return dict.fromkeys(names, undefined("of row_likelihood only"))


def _row(ridge: Ridge) -> dict[str, Any]:
    if ridge.reason:
        return dict.fromkeys(_NUMBERS, undefined(ridge.reason))
    return {
        "b": ridge.b,
        "b_ci_low": or_undefined(ridge.b_ci[0], _NO_INTERVAL),
        "b_ci_high": or_undefined(ridge.b_ci[1], _NO_INTERVAL),
        "log_wd_ref": ridge.ln_wd_ref,
        "log_wd_ref_se": or_undefined(ridge.ln_wd_ref_se, _NO_INTERVAL),
        "lr_ref": ridge.lr_ref,
        "scatter": ridge.scatter,
        "curvature": or_undefined(ridge.curvature, _FEW),
        "curvature_ci_low": or_undefined(ridge.curvature_ci[0], _FEW),
        "curvature_ci_high": or_undefined(ridge.curvature_ci[1], _FEW),
        "local_slope_low": or_undefined(ridge.slope_low, _FEW),
        "local_slope_high": or_undefined(ridge.slope_high, _FEW),
        **dict(zip(("weight_ratio", "weight_constant", "weight_timescale"), ridge.weights, strict=True)),
    }
