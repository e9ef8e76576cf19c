"""The table of runs: read with a type for each column, whatever the file's entries look like."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lrwd.errors import DataError
from lrwd.runs.table import COLUMNS, FLAGS, NUMBERS, SEQUENTIAL, TEXTS, read_runs, typed

Simulated = Callable[..., pd.DataFrame]


def test_every_column_has_one_type() -> None:
    assert sorted([*TEXTS, *FLAGS, *NUMBERS]) == sorted([*COLUMNS, *SEQUENTIAL])


def test_types_survive_the_file(simulated: Simulated, tmp_path: Path) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1), seeds=(0, 1)).assign(arch="18", optimizer=None, epochs=None)
    runs.to_csv(tmp_path / "runs.csv", index=False)
    back = read_runs(tmp_path / "runs.csv")
    assert set(back["arch"]) == {"18"}
    assert back["in_grid"].dtype == bool
    assert back["optimizer"].isna().all()
    for name in ("kappa", "rho", "epochs"):
        assert back[name].dtype == float
        assert back[name].isna().all()
    assert back["select_top1"].tolist() == runs["select_top1"].tolist()
    pd.testing.assert_frame_equal(typed(back), back)


def test_entries_of_another_type_are_refused(simulated: Simulated) -> None:
    runs = simulated(lrs=(1e-3, 1e-2), wds=(0.0, 0.1), seeds=(0, 1))
    with pytest.raises(DataError, match="in_grid is 'maybe'; allowed: True, False"):
        typed(runs.assign(in_grid="maybe"))
    with pytest.raises(DataError, match="lr is 'small'; allowed: a number"):
        typed(runs.assign(lr="small"))
