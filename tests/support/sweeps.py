"""Files of runs that were trained elsewhere, for tests of importing them."""

from pathlib import Path
from typing import Any

import pytest

from lrwd.errors import DataError
from lrwd.runs.external import import_runs
from lrwd.study.imported import Imported

HEAD = "arch,dataset,lr,wd,seed,test_top1"
ROWS = ("net,digits,1e-3,0,0,0.5", "net,digits,0.001,0.1,0,0.6", "net,digits,0.01,0.1,0,0.7")


def write(folder: Path, *rows: str, head: str = HEAD, **settings: Any) -> Imported:
    """A CSV file of some rows, and a study's entry for it."""
    path = folder / "sweep.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    return imported(path, **settings)


def imported(path: Path, **settings: Any) -> Imported:
    """A study's entry for a file."""
    return Imported(str(path), **{"unit": None, "split": None, "epoch": None, **settings})


def refusal(study: Imported) -> str:
    """The message with which the import of a file is refused."""
    with pytest.raises(DataError) as error:
        import_runs(study)
    return str(error.value)
