"""Packed cells: many cells per allocation, each with its own record, log, failure and rerun."""

import os
import re
import signal
import subprocess

from grids import PACKED, RUNS, Grid

POOL = "lrwd_pool"


def allocations(grid: Grid, states: str = "all") -> list[dict[str, str]]:
    return [job for job in grid.jobs(states) if job["comment"] == POOL]


def under_way(grid: Grid) -> subprocess.Popen:
    """Start the study, and wait until every running cell has a checkpoint."""
    process = grid.under_way(1, *PACKED, *RUNS)
    grid.wait(lambda: 0 < len(grid.forked()) <= len(grid.checkpoints()), "a checkpoint of every cell under way")
    return process


def test_packed(grid: Grid) -> None:
    """Two submissions for four cells; every cell sees one GPU; the allocations end when Snakemake does."""
    process = under_way(grid)
    # Pause the cells during the checks, so that they do not finish.
    stopped = grid.forked()
    for cell in stopped:
        os.kill(cell, signal.SIGSTOP)
    status = grid.status(*PACKED)
    row = next(line.split() for line in status.splitlines() if line.startswith("digits/resnet_digits/tiny "))
    assert row[4] != "·"
    for cell in stopped:
        os.kill(cell, signal.SIGCONT)
    grid.ends(process)
    assert len(re.findall(r" on node n\d, SLURM job \d+, GPU [01]\n", grid.said())) == 4
    assert not grid.cells()
    assert 1 <= len(allocations(grid)) <= 2
    grid.wait(lambda: not allocations(grid, "running,pending"), "the allocations to end", 60)
    grid.is_undisturbed()


def test_one_member_fails(grid: Grid) -> None:
    """The other cells continue; only the failed one is trained again."""
    cell = "digits/resnet_digits/tiny/lr0.01_wd1_seed0"
    obstacle = grid.project.path(f"results/checkpoints/{cell}.ckpt")
    obstacle.mkdir(parents=True)
    result = grid.run(*PACKED, "--retries", "0", *RUNS)
    assert result.rc != 0
    assert "IsADirectoryError" in result.text
    assert grid.project.records().keys() == grid.undisturbed.records().keys() - {cell}
    obstacle.rmdir()
    again = grid.run(*PACKED, *RUNS)
    assert again.rc == 0, again.text[-3000:]
    assert again.cells == {cell}
    grid.is_undisturbed()


def test_one_member_is_killed(grid: Grid) -> None:
    """The cell is tried again, as a separate job would be."""
    process = under_way(grid)
    os.kill(grid.forked()[0], signal.SIGKILL)
    output = grid.ends(process)
    assert "the cell's process was killed" in output
    assert "going on from the checkpoint" in grid.said()
    grid.is_undisturbed()


def test_a_node_crashes(grid: Grid) -> None:
    """Its cells go to another allocation, or to the same one after SLURM restarts it."""
    process = under_way(grid)
    node = grid.at_work()["node"]
    grid.cluster.crash(node)
    grid.wait(lambda: node in grid.cluster.say("sinfo", "-hN", "-pgpu", "-tdown", "-o%N"), "SLURM to notice", 120)
    grid.cluster.boot(node)
    grid.ends(process)
    assert "going on from the checkpoint" in grid.said()
    grid.is_undisturbed()


def test_an_allocation_is_cancelled(grid: Grid) -> None:
    """As at a time limit: the cells write checkpoints and continue in another allocation; none counts as failed."""
    process = under_way(grid)
    grid.cluster.say("scancel", grid.at_work()["id"])
    output = grid.ends(process)
    assert "Error in rule" not in output
    assert "going on from the checkpoint" in grid.said()
    grid.is_undisturbed()


def test_killed_and_started_again(grid: Grid) -> None:
    """Running cells continue; the next start waits for them."""
    process = under_way(grid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert grid.run(*PACKED, "--unlock").rc == 0
    again = grid.run(*PACKED, *RUNS)
    assert again.rc == 0, again.text[-4000:]
    assert not re.search("failed: ", grid.said())
    grid.is_undisturbed()
