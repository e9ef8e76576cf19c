"""Cells whose jobs are stopped, killed or moved continue from their checkpoints."""

import os
import signal
from collections.abc import Callable

import pytest
from grids import RUNS, SLURM, Grid


def scancel(grid: Grid) -> None:
    grid.cluster.say("scancel", grid.at_work()["id"])


def requeue(grid: Grid) -> None:
    grid.cluster.say("scontrol", "requeue", grid.at_work()["id"])


def preempt(grid: Grid) -> None:
    """Submit jobs with a higher priority for all GPUs of all nodes."""
    nodes = ("-N3", "--gpus-per-node=2", "--ntasks-per-node=1", "-t1")
    grid.cluster.say("sbatch", "-p", "urgent", *nodes, "--comment=urgent", "-o/dev/null", "--wrap=sleep 5")
    grid.wait(lambda: not grid.cells("running"), "the preemption")


def crash(grid: Grid) -> None:
    """Crash a node, and start it again after SLURM has noticed."""
    node = grid.at_work()["node"]
    grid.cluster.crash(node)
    grid.wait(lambda: node in grid.cluster.say("sinfo", "-hN", "-pgpu", "-tdown", "-o%N"), "SLURM to notice", 120)
    grid.cluster.boot(node)


@pytest.mark.parametrize("fault", [scancel, requeue, preempt, crash])
def test_goes_on_from_its_checkpoint(grid: Grid, fault: Callable[[Grid], None]) -> None:
    process = grid.under_way(2)
    fault(grid)
    output = grid.ends(process)
    assert "going on from the checkpoint" in grid.said()
    # No job that SLURM restarts was submitted a second time.
    assert output.count("has been submitted with SLURM jobid") == 4 + (fault is scancel)
    grid.is_undisturbed()


def test_a_cell_that_fails(grid: Grid) -> None:
    """The other cells continue; `status` gives the reason and the command; only that cell is trained again."""
    cell = "digits/resnet_digits/tiny/lr0.01_wd1_seed0"
    obstacle = grid.project.path(f"results/checkpoints/{cell}.ckpt")
    obstacle.mkdir(parents=True)
    result = grid.run(*SLURM, "--retries", "0", *RUNS)
    assert result.rc != 0
    assert "IsADirectoryError" in result.text
    assert grid.project.records().keys() == grid.undisturbed.records().keys() - {cell}
    before = grid.project.dates()
    status = grid.status()
    row = next(line.split() for line in status.splitlines() if line.startswith("digits/resnet_digits/tiny "))
    assert row[1:] == ["4", "3", "·", "·", "·", "1", "·"]
    assert f"  {cell}\n      exit: SLURM job " in status
    assert "IsADirectoryError" in status
    assert "Run them again: snakemake --profile profiles/slurm --configfile " in status
    targets = grid.project.read("results/cluster/failed.txt").split()
    assert targets == [f"results/runs/{cell}.json"]
    # Interim tables in the meantime, labelled as such.
    interim = grid.run(*SLURM, "--", "interim")
    assert interim.rc == 0, interim.text[-3000:]
    assert grid.project.read("results/interim/tables/table1.md").startswith("INTERIM: 3 of 4 trainings.")
    assert grid.project.read("results/interim/runs.csv").count("\n") == 1 + 3

    obstacle.rmdir()
    again = grid.run(*SLURM, "--", *targets)
    assert again.rc == 0, again.text[-3000:]
    assert again.cells == {cell}
    assert grid.run(*SLURM, *RUNS).rc == 0
    assert {name: date for name, date in grid.project.dates().items() if name in before} == before
    grid.is_undisturbed()


def test_time_limit(grid: Grid) -> None:
    """A cell that hangs until its time limit is ended, and continues with more time at the next attempt."""
    grid.project.extra["needs"] = {"digits": {"gpus": 1, "cpus": 1, "mem_gb": 1.5, "hours": 1 / 60}}
    process = grid.under_way(1, *SLURM, "--retries", "6", *RUNS)
    os.kill(next(iter(grid.trainers())), signal.SIGSTOP)
    grid.ends(process)
    # FAILED if Snakemake, which SLURM signals too, exited first.
    assert {job["state"] for job in grid.cells()} & {"TIMEOUT", "FAILED"}
    listing = grid.cluster.say("squeue", "-h", "-tall", "-o%Z|%k|%l").splitlines()
    limits = {line.rpartition("|")[2] for line in listing if str(grid.project.folder) in line and "train_cell" in line}
    assert {"1:00", "2:00"} <= limits
    assert "going on from the checkpoint" in grid.said()
    grid.is_undisturbed()
