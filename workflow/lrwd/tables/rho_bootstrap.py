"""Table of the exact bootstrap distribution of rho: every value that resampled seeds give, with its probability."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import Group, groups
from lrwd.analysis.undefined import undefined
from lrwd.stats.bootstrap import no_interval_reason
from lrwd.stats.ratio import MIN_LR, bootstrap_ratio

COLUMNS = ("dataset", "arch", "label", "recipe", "rho", "probability")


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """List the distinct values of rho over all resamples of the seeds, lambda* chosen anew in each.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        Rows of each group in ascending rho, whose probabilities add up to 1; one row "NA: reason" where there is no
        distribution.

    Source: paper §3.2, which draws 10,000 resamples; this is their limit (``stats.ratio.bootstrap_ratio``).
    """
    rows = [{**group.key, **row} for group in groups(runs) for row in _rows(group)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(group: Group) -> list[dict[str, Any]]:
    reason = _reason(group)
    if reason or group.grid is None:
        return [dict.fromkeys(COLUMNS[4:], undefined(reason))]
    boot = bootstrap_ratio(group.grid, paper.CI_LEVEL)
    defined = np.isfinite(boot.rho)
    # To nine digits, as in num_distinct of Table 1: sums in another order are not other values.
    rounded = np.array([float(f"{value:.9e}") for value in boot.rho[defined]])
    values, which = np.unique(rounded, return_inverse=True)
    weight = np.bincount(which, weights=boot.probability[defined])
    probability = weight / weight.sum()
    return [{"rho": float(rho), "probability": float(p)} for rho, p in zip(values, probability, strict=True)]


def _reason(group: Group) -> str:
    if group.grid is None:
        return "no grid run"
    if int(group.grid.has_data.sum()) < MIN_LR:
        return f"fewer than {MIN_LR} learning rates with a run"
    return no_interval_reason(group.grid.num_seeds)
