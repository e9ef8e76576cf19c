"""What the unit tests of several folders share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from simulated_runs import simulate

if TYPE_CHECKING:
    from tiny_cells import MakeJob


@pytest.fixture
def simulated() -> Callable[..., pd.DataFrame]:
    """Makes a runs table; every argument of ``simulate`` by name."""
    return simulate


@pytest.fixture
def make_job(digits: Path, tmp_path: Path) -> "MakeJob":
    """Makes a Job of a tiny cell, whose files have the given name."""
    # Imported here, as most unit tests need no torch.
    from tiny_cells import make_spec

    from lrwd.train.cell import Job

    def make(name: str, arch: str, checkpoint_sec: float = 1e9, **changes: Any) -> Job:
        return Job(
            spec=make_spec(arch, **changes),
            data=digits,
            record=tmp_path / "runs" / f"{name}.json",
            checkpoint=tmp_path / "checkpoints" / f"{name}.ckpt",
            checkpoint_sec=checkpoint_sec,
            loader_workers=0,
        )

    return make
