"""Makes jobs of tiny cells, with files of their own."""

from pathlib import Path
from typing import Any

import pytest
from tiny_cells import MakeJob, make_spec

from lrwd.train.cell import Job


@pytest.fixture
def make_job(digits: Path, tmp_path: Path) -> MakeJob:
    """Makes a Job whose files have the given name."""

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
