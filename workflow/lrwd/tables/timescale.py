"""Table of the best weight decays as ratio, as time scale, and beside the weights that they lead to."""

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from lrwd import paper
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.peak import Peaks, find_peaks
from lrwd.stats.selection import Selection, select_wd

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "lr", "wd_star", "edge", "row_kind", "wd_peak", "wd_peak_ci_low"),
    *("wd_peak_ci_high", "wd_bound_low", "wd_bound_high", "rho_star", "lr_wd", "timescale_epochs"),
    *("timescale_share", "weight_rms", "weight_rms_predicted", "weight_rms_ratio", "num_runs"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Tabulate eta·lambda*, 1/(eta·lambda*), lambda*/eta, and the weight RMS against its fixed point.

    timescale = 1/(eta·lambda) steps;  weight RMS -> sqrt(eta/(2·lambda))

    Args:
        runs: the runs table, one row a cell; of its columns ``epochs``, ``steps_per_epoch`` and ``weight_rms_final``
            may be absent.

    Returns:
        One row for each group and lr. All but wd_peak (the parabola's vertex, 95% interval) and its bounds (the nearest
        significantly worse wd) is of wd_star, the best trained wd, as the weights were measured there; weight RMS is
        the mean over its ``num_runs`` runs.

    Source: Rosić (2025), "Weight Decay and Learning Rate from a Moving Average Perspective"; Wang & Aitchison (2024),
    arXiv 2405.13698.
    """
    return pd.DataFrame([row for group in groups(runs) for row in _rows(group)], columns=list(COLUMNS))


def _rows(group: Group) -> list[dict[str, Any]]:
    if group.grid is None:
        return []
    chosen, peaks = select_wd(group.grid), find_peaks(group.grid, paper.CI_LEVEL)
    in_grid = group.runs[group.runs["in_grid"]]
    return [
        {**group.key, **_row(float(lr), row, chosen, peaks, in_grid)}
        for row, lr in enumerate(group.grid.lr)
        if chosen.index[row] >= 0
    ]


def _row(lr: float, row: int, chosen: Selection, peaks: Peaks, in_grid: pd.DataFrame) -> dict[str, Any]:
    wd = float(chosen.wd[row])
    cell = in_grid[(in_grid["lr"] == lr) & (in_grid["wd"] == wd)]
    epochs, no_epochs = _mean(cell, "epochs")
    steps, no_steps = _mean(cell, "steps_per_epoch")
    rms, no_rms = _mean(cell, "weight_rms_final")
    # Undefined at wd = 0, where 1/(lr·wd) is infinite.
    timescale = 1 / (lr * wd) if wd > 0 else math.nan
    predicted = math.sqrt(lr / (2 * wd)) if wd > 0 else math.nan
    zero = "wd* is 0" if wd == 0 else ""
    return {
        **{"lr": lr, "wd_star": wd, "edge": chosen.edge[row], "row_kind": peaks.kind[row] or undefined("no wd > 0")},
        **_peak(row, peaks),
        "wd_bound_low": or_undefined(_finite_exp(peaks.ln_low[row]), "no smaller wd is significantly worse"),
        "wd_bound_high": or_undefined(_finite_exp(peaks.ln_high[row]), "no larger wd is significantly worse"),
        "rho_star": wd / lr,
        "lr_wd": lr * wd,
        "timescale_epochs": or_undefined(timescale / steps, zero or no_steps),
        "timescale_share": or_undefined(timescale / steps / epochs, zero or no_steps or no_epochs),
        "weight_rms": or_undefined(rms, no_rms),
        "weight_rms_predicted": or_undefined(predicted, zero),
        "weight_rms_ratio": or_undefined(rms / predicted, zero or no_rms),
        "num_runs": len(cell),
    }


def _mean(cell: pd.DataFrame, name: str) -> tuple[float, str]:
    """Mean of a column over a cell's runs, or NaN and why there is none."""
    if name not in cell.columns:
        return math.nan, f"the runs have no column {name}"
    values = cell[name].dropna()
    return (float(values.mean()), "") if len(values) else (math.nan, f"{name} is missing")


def _finite_exp(value: float) -> float:
    return math.exp(value) if math.isfinite(value) else math.nan


def _peak(row: int, peaks: Peaks) -> dict[str, Any]:
    names = ("wd_peak", "wd_peak_ci_low", "wd_peak_ci_high")
    if peaks.kind[row] != "peak":
        return dict.fromkeys(names, undefined("no interior peak"))
    half = float(stats.t.ppf((1 + paper.CI_LEVEL) / 2, max(peaks.df, 1))) * peaks.se[row]
    return dict(zip(names, np.exp(peaks.ln_wd[row] + np.array([0, -half, half])).tolist(), strict=True))
