"""Refuses files whose analysis would take minutes, before it begins."""

import pandas as pd

from lrwd.errors import DataError

# Measured on one core: 500 learning rates of one network, each run once, take half a minute for all tables and figures,
# mostly the table `collapse` and the figure `heatmap`, which grow with the square of that number; 10,000 runs of one
# network on a grid take as long for the table `best`.
MAX_LRS = 500
MAX_RUNS = 5_000
MAX_TOTAL = 20_000
_GROUP = ["dataset", "arch", "recipe"]


def refuse_too_many(runs: pd.DataFrame, source: str) -> None:
    """Refuse too many runs, or too many learning rates of one network.

    Args:
        runs: rows with the columns dataset, arch, recipe, lr, wd.
        source: the file.

    Raises:
        DataError: the message says what the rows are like and how to make fewer.
    """
    for (dataset, arch, recipe), group in runs.groupby(_GROUP, sort=False):
        network, num_lrs, num_runs = f"{arch} on {dataset} ({recipe})", group["lr"].nunique(), len(group)
        if num_lrs > MAX_LRS:
            cells = len(group[["lr", "wd"]].drop_duplicates())
            kind = "a random search" if cells < 1.5 * num_lrs else "a grid"
            raise DataError(
                f"{source}: {network} has {num_lrs} learning rates in {num_runs} runs, {kind}; allowed: at most "
                f"{MAX_LRS}, as the analysis of more takes minutes. Keep {MAX_LRS} rows drawn at random, or round lr "
                "to a few values a decade"
            )
        if num_runs > MAX_RUNS:
            raise DataError(
                f"{source}: {network} has {num_runs} runs at {num_lrs} learning rates; allowed: at most {MAX_RUNS}, as "
                "the analysis of more takes minutes. If rows are epochs, keep the last of each run; otherwise keep "
                "fewer repeats of each cell"
            )
    if len(runs) > MAX_TOTAL:
        raise DataError(
            f"{source}: it has {len(runs)} runs; allowed: at most {MAX_TOTAL}, as the analysis of more takes minutes. "
            "Make files of some of the networks each, and a study of each file"
        )
