"""The paper's Table 1: the ratio rho, its interval, the log-log slope b, and what undermines them."""

from typing import Any

import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import or_undefined, undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.ratio import MIN_LR, RatioFit, bootstrap_ratio, fit_ratio, ratio_p_values
from lrwd.stats.selection import Selection, select_wd
from lrwd.stats.surface import Surface
from lrwd.tables._write import with_interval

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "rho", "rho_ci_low", "rho_ci_high", "p_rho_0_10"),
    *("p_rho_0_10_normal", "b", "b_ci_low", "b_ci_high", "b_undefined_share", "r2", "delta", "delta_p"),
    *("num_seeds", "num_distinct_bootstrap", "num_lr", "num_edge_low", "num_edge_high", "num_zero"),
    *("num_diverged", "num_missing"),
)
# Learning rates at which the largest accuracy is no optimum of λ.
_UNDERMINED = ("edge_low", "edge_high", "zero")
_OF_BOOTSTRAP = (
    *("rho_ci_low", "rho_ci_high", "p_rho_0_10", "p_rho_0_10_normal", "b_ci_low", "b_ci_high"),
    *("b_undefined_share", "num_distinct_bootstrap"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Estimate rho and b of each group as the paper does; intervals are 95% percentile bootstraps.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group. b's interval is over the resamples where b is defined; the share of the
        others is ``b_undefined_share``.

    Source: paper §3.2, §3.6 and Table 1; its script for rho (always through the origin) and R2.
    """
    return pd.DataFrame([_row(group) for group in groups(runs)], columns=list(COLUMNS))


def view(table: pd.DataFrame) -> pd.DataFrame:
    """What a reader needs of the table: both estimates with their intervals, and what undermines them."""
    return pd.DataFrame(
        [
            {
                "data set": row["dataset"],
                "network": row["label"],
                "recipe": row["recipe"],
                "ρ [95% CI]": with_interval(row, "rho"),
                "p (ρ = 0.10)": row["p_rho_0_10"],
                "b [95% CI]": with_interval(row, "b"),
                "R²": row["r2"],
                "seeds": row["num_seeds"],
                "learning rates": row["num_lr"],
                "of them with λ* at the grid's edge or 0": sum(row[f"num_{at}"] for at in _UNDERMINED),
                "diverged": row["num_diverged"],
                "missing": row["num_missing"],
            }
            for row in table.to_dict("records")
        ]
    )


def _row(group: Group) -> dict[str, Any]:
    row: dict[str, Any] = {**group.key, "num_diverged": group.num_diverged, "num_missing": group.num_missing}
    if group.grid is None:
        counts = {name: 0 for name in COLUMNS if name.startswith("num_") and name not in row}
        return {**_undefined_rest("no grid run"), **row, **counts}
    chosen = select_wd(group.grid)
    fit = fit_ratio(group.grid.lr, chosen.wd)
    row |= {
        "num_seeds": group.grid.num_seeds,
        "num_lr": fit.num_lr,
        "num_edge_low": chosen.edge.count("low"),
        "num_edge_high": chosen.edge.count("high"),
        "num_zero": fit.num_zero,
    }
    if fit.num_lr < MIN_LR:
        return {**_undefined_rest(f"fewer than {MIN_LR} learning rates with a run"), **row}
    return row | _estimates(fit, chosen) | _bootstrap(group.grid, fit)


def _undefined_rest(reason: str) -> dict[str, str]:
    return {name: undefined(reason) for name in COLUMNS}


def _no_slope_reason(fit: RatioFit) -> str:
    return f"wd* = 0 at {fit.num_zero} of {fit.num_lr} lr, and ln 0 does not exist"


def _estimates(fit: RatioFit, chosen: Selection) -> dict[str, Any]:
    few = "fewer than 3 learning rates" if fit.num_lr < 3 else "an exact fit leaves no residual"
    return {
        "rho": fit.rho,
        "b": or_undefined(fit.b, _no_slope_reason(fit)),
        "r2": fit.r2,
        "delta": fit.delta,
        "delta_p": or_undefined(fit.delta_p, few),
    }


def _bootstrap(grid: Surface, fit: RatioFit) -> dict[str, Any]:
    reason = no_interval_reason(grid.num_seeds)
    if reason:
        return {name: undefined(reason) for name in _OF_BOOTSTRAP}
    boot = bootstrap_ratio(grid, paper.CI_LEVEL)
    p, p_normal = ratio_p_values(fit.rho, boot.rho_se, paper.RHO, grid.num_seeds - 1)
    no_error = "the bootstrap SE is 0: every resample gives the same rho"
    entries: dict[str, Any] = {
        "rho_ci_low": boot.rho_ci[0],
        "rho_ci_high": boot.rho_ci[1],
        "p_rho_0_10": or_undefined(p, no_error),
        "p_rho_0_10_normal": or_undefined(p_normal, no_error),
        "b_undefined_share": boot.b_undefined_share,
        "num_distinct_bootstrap": boot.num_distinct,
    }
    for name, value in zip(("b_ci_low", "b_ci_high"), boot.b_ci, strict=True):
        # If b is undefined, an interval from the resamples that have one would describe other data.
        unknown = fit.num_zero > 0
        entries[name] = undefined(_no_slope_reason(fit)) if unknown else value
    return entries
