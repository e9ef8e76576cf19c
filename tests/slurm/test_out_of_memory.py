"""Memory is limited by cgroups: a cell that exceeds its memory gets more at the next attempt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from grids import RUNS, SLURM, fresh, running
from projects import Project
from slurm_cluster import Cluster


@pytest.fixture(scope="module")
def confining(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from running(tmp_path_factory, cgroups=True)


def test_out_of_memory(here: Project, confining: Cluster, tmp_path: Path) -> None:
    making = fresh(here, confining, tmp_path)
    grid = next(making)
    # A cell takes about 600 MB, including the two Snakemake processes of its job.
    grid.project.extra["needs"] = {"digits": {"gpus": 1, "cpus": 1, "mem_gb": 0.35, "hours": 0.5}}
    result = grid.run(*SLURM, "--retries", "3", *RUNS)
    assert result.rc == 0, result.text[-5000:]
    states = [job["state"] for job in grid.cells()]
    assert states.count("COMPLETED") == 4
    assert set(states) - {"COMPLETED"} <= {"OUT_OF_MEMORY", "FAILED"}
    assert len(states) > 4
    lines = grid.cluster.say("squeue", "-h", "-tall", "-o%m|%k|%Z").splitlines()
    memory = {line.partition("|")[0] for line in lines if "train_cell" in line and str(grid.project.folder) in line}
    assert {"350M", "700M"} <= memory
    making.close()
