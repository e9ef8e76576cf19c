"""Table of the best weight decay at each learning rate, and whether it lies at the grid's edge."""

import numpy as np
import pandas as pd

from lrwd.analysis.surfaces import groups
from lrwd.analysis.undefined import or_undefined
from lrwd.stats.selection import seed_means, select_wd

COLUMNS = (
    *("dataset", "arch", "label", "recipe", "lr", "wd_star", "select_top1", "report_top1", "seed_sd"),
    *("edge", "num_tied"),
)


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Tabulate lambda*(eta) = argmax over the wd of the grid of the seed mean of ``select_top1``.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group and lr; accuracies are fractions, seed_sd is over the seeds at wd_star.

    Source: paper §3.2.
    """
    rows = []
    for group in groups(runs):
        if group.grid is None:
            continue
        grid, chosen = group.grid, select_wd(group.grid)
        once = np.ones((1, grid.num_seeds))
        select, report = seed_means(grid.select, once)[0], seed_means(grid.report, once)[0]
        for row, column in enumerate(chosen.index):
            values = grid.report[row, column][np.isfinite(grid.report[row, column])]
            seed_sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
            rows.append(
                {
                    **group.key,
                    "lr": float(grid.lr[row]),
                    "wd_star": float(chosen.wd[row]),
                    "select_top1": float(select[row, column]),
                    "report_top1": or_undefined(float(report[row, column]), "no reported accuracy there"),
                    "seed_sd": or_undefined(seed_sd, "fewer than 2 seeds"),
                    "edge": chosen.edge[row],
                    "num_tied": int(chosen.num_tied[row]),
                }
            )
    return pd.DataFrame(rows, columns=list(COLUMNS))
