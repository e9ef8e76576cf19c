"""A GPU that does not work: the cell fails with that reason and the node's name, and is tried elsewhere."""

import re

from grids import PACKED, RUNS, SLURM, Grid

# On node n1 torch says that there is a GPU, and then there is none: as with a driver that has died.
BROKEN = """\
import os
if os.uname().nodename == "n1":
    from importlib.machinery import PathFinder
    find = PathFinder.find_spec
    def found(name, *rest):
        if name == "lrwd.train.device":
            import torch
            torch.cuda.is_available = lambda: True
        return find(name, *rest)
    PathFinder.find_spec = found
"""


def broken(grid: Grid) -> None:
    folder = grid.project.path("broken")
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BROKEN)
    grid.project.environment = {**grid.cluster.environment, "PYTHONPATH": str(folder)}


def test_the_retry_goes_elsewhere(grid: Grid) -> None:
    broken(grid)
    result = grid.run(*SLURM, *RUNS)
    assert result.rc == 0, result.text[-5000:]
    assert re.search("the GPU of node n1 does not work: ", result.text)
    assert "GPU of node n1" not in grid.said()  # the last attempt's logs
    failed = [job for job in grid.cells() if job["state"] == "FAILED"]
    assert {job["node"] for job in failed} == {"n1"}
    done = [job for job in grid.cells() if job["state"] == "COMPLETED"]
    assert len(done) == 4
    assert "n1" not in {job["node"] for job in done}
    assert "Excluded for a day: node n1, " in grid.status()
    grid.project.environment = grid.cluster.environment
    grid.is_undisturbed()


def test_packed(grid: Grid) -> None:
    """The allocation ends before it takes a cell, and the next one is on another node."""
    broken(grid)
    result = grid.run(*PACKED, *RUNS)
    assert result.rc == 0, result.text[-5000:]
    assert "Error in rule" not in result.text
    pool = [job for job in grid.jobs() if job["comment"] == "lrwd_pool"]
    assert {job["node"] for job in pool if job["state"] == "FAILED"} == {"n1"}
    assert "Excluded for a day: node n1, " in grid.status(*PACKED)
    grid.project.environment = grid.cluster.environment
    grid.is_undisturbed()
