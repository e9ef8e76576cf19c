"""The best accuracy of each optimizer at equal budget, and the (lr, wd) that gave it."""

import pandas as pd

from lrwd.analysis.best import COLUMNS as COLUMNS
from lrwd.analysis.best import best_of_each


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Compare recipes that have the schedule, the batch size and the number of images seen in common.

    Args:
        runs: the runs table, one row a cell.

    Returns:
        One row for each group; see ``analysis.best.best_of_each``.
    """
    return best_of_each(runs, same="schedule")
