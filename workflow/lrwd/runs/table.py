"""The table of runs, results/runs.csv: its columns, and how it is read."""

from pathlib import Path

import pandas as pd

from lrwd.errors import DataError

# In the order of the file. Runs from elsewhere may have more columns.
COLUMNS = (
    *("dataset", "arch", "label", "family", "recipe", "lr", "wd", "seed", "in_grid", "kappa", "rho", "status"),
    *("num_classes", "optimizer", "schedule", "epochs", "batch_size", "steps_per_epoch", "train_size"),
    *("select_top1", "report_top1"),
    *("val_top1_final", "test_top1_final", "val_top1_best", "test_top1_best", "test_top1_at_best_val"),
    *("best_val_epoch", "best_test_epoch", "train_loss_final", "weight_rms_final", "device", "torch"),
    # What the study selects on and reports: an accuracy, a loss, or a column of a file from elsewhere.
    *("metric", "direction", "select_metric", "report_metric", "val_loss_final", "test_loss_final"),
)
TEXTS = (
    *("dataset", "arch", "label", "family", "recipe", "status", "optimizer", "schedule", "device", "torch"),
    *("metric", "direction"),
)
FLAGS = ("in_grid",)
# Further columns of a sequential study.
SEQUENTIAL = ("round", "num_asked")
NUMBERS = (*(name for name in COLUMNS if name not in (*TEXTS, *FLAGS)), *SEQUENTIAL)


def read_runs(path: Path | str) -> pd.DataFrame:
    """Read the table of runs: names as text, flags as booleans, all else as numbers, NaN where there is none.

    Raises:
        DataError: an entry is not of its column's type.
    """
    return typed(pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str)))


def typed(runs: pd.DataFrame) -> pd.DataFrame:
    """Give each column of a table of runs its type; columns may be absent.

    Raises:
        DataError: an entry is not of its column's type.
    """
    flags = {name: _flags(runs[name]) for name in FLAGS if name in runs}
    # A column without any entry is read as text or as numbers, depending on the reader.
    return runs.assign(**flags, **{name: _numbers(runs[name]) for name in NUMBERS if name in runs})


def _flags(column: pd.Series) -> pd.Series:
    texts = column.map(str)
    wrong = ~texts.isin(["True", "False"])
    if wrong.any():
        raise DataError(f"runs: {column.name} is {texts[wrong].iloc[0]!r}; allowed: True, False")
    return texts == "True"


def _numbers(column: pd.Series) -> pd.Series:
    values = pd.to_numeric(column, errors="coerce")
    wrong = values.isna() & column.notna()
    if wrong.any():
        raise DataError(f"runs: {column.name} is {column[wrong].iloc[0]!r}; allowed: a number")
    return values
