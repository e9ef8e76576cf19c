"""Faults of the Snakemake process: killed, interrupted, started twice, no answer from SLURM, full disk."""

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from grids import LIMIT_SEC, RUNS, SLURM, Grid, fresh
from projects import Project
from slurm_cluster import Cluster, why_not


def test_killed_and_started_again(grid: Grid) -> None:
    """Its jobs continue; the next start reports them and waits for them, so no cell is trained twice."""
    process = grid.under_way(2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # Pause the cells until Snakemake has started again, so that they do not finish.
    stopped = grid.trainers()
    assert stopped
    for trainer in stopped:
        os.kill(trainer, signal.SIGSTOP)
    assert grid.run(*SLURM, "--unlock").rc == 0
    process = grid.start(*SLURM, *RUNS)
    adoption = re.compile(
        r"(\d) cells of an earlier start are still in SLURM's queue \(jobs [\d, ]+\): waiting for them"
    )
    grid.wait(lambda: adoption.search(grid.project.read("output")), "what was found running")
    for trainer in stopped:
        os.kill(trainer, signal.SIGCONT)
    output = grid.ends(process)
    assert int(adoption.search(output).group(1)) >= len(stopped)  # type: ignore[union-attr]
    assert len(grid.cells()) == 4
    grid.is_undisturbed()


def test_ended_meanwhile(grid: Grid) -> None:
    """Started again after its jobs have ended: their records are kept."""
    process = grid.under_way(2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    grid.wait(lambda: not grid.cells("running,pending,completing"), "the jobs to end")
    before = grid.project.dates()
    assert before
    assert grid.run(*SLURM, "--unlock").rc == 0
    again = grid.run(*SLURM, *RUNS)
    assert again.rc == 0, again.text[-4000:]
    assert len(grid.cells()) == 4
    assert {cell: date for cell, date in grid.project.dates().items() if cell in before} == before
    grid.is_undisturbed()


def test_interrupted(grid: Grid) -> None:
    """Ctrl-C cancels the jobs after they have written checkpoints."""
    process = grid.under_way(2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(120) != 0
    grid.wait(lambda: not grid.cells("running,pending,completing"), "an empty queue", 90)
    again = grid.run(*SLURM, *RUNS)
    assert again.rc == 0, again.text[-4000:]
    assert "going on from the checkpoint" in grid.said()
    grid.is_undisturbed()


def test_two_at_once(grid: Grid) -> None:
    """A second process is rejected, even after `--unlock`; `status` is allowed."""
    process = grid.under_way(1)
    # Pause the cells during the attempts, so that the first process stays busy.
    stopped = grid.trainers()
    assert stopped
    for trainer in stopped:
        os.kill(trainer, signal.SIGSTOP)
    status = grid.status()
    assert re.search(r"Placed by: process \d+ on \S+, since ", status)
    assert re.search(r"SLURM's queue: [1-9] jobs of this folder running", status)
    second = grid.beside(*SLURM, *RUNS)
    assert second.rc != 0
    assert "Directory cannot be locked" in second.text
    assert grid.beside(*SLURM, "--unlock").rc == 0
    second = grid.beside(*SLURM, *RUNS)
    assert second.rc != 0
    assert re.search(r"another Snakemake trains cells in this folder: process \d+ on ", second.text)
    for trainer in stopped:
        os.kill(trainer, signal.SIGCONT)
    grid.ends(process)
    assert len(grid.cells()) == 4
    grid.is_undisturbed()


def test_no_answer_for_a_minute(grid: Grid, tmp_path: Path) -> None:
    """squeue fails for a minute; Snakemake keeps track of its jobs."""
    silent, real = tmp_path / "silent", grid.cluster.folder / "bin/squeue"
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin/squeue"
    fake.write_text(f"#!/bin/sh\nif [ -e {silent} ]; then echo Unable to contact slurm controller >&2; exit 1; fi\n")
    with fake.open("a") as stream:
        stream.write(f'exec {real} "$@"\n')
    fake.chmod(0o755)
    path = f"{tmp_path / 'bin'}{os.pathsep}{grid.cluster.environment['PATH']}"
    grid.project.environment = {**grid.cluster.environment, "PATH": path}
    process = grid.under_way(2)
    silent.touch()
    grid.wait(lambda: len(grid.project.records()) == 4, "the cells to end while squeue is silent")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(60)
    silent.unlink()
    grid.ends(process)
    grid.is_undisturbed()


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))


def test_full_disk(here: Project, tmp_path: Path) -> None:
    """A full disk gives an error message; with free space, the same command continues."""
    if reason := why_not():
        pytest.skip(reason)
    cluster = Cluster(Path(f"/tmp/lrwd-slurm-{os.getpid()}-disk"))
    making = fresh(here, cluster, tmp_path)
    grid = next(making)
    results = grid.project.path("results")
    kept = tmp_path / "kept"
    results.rename(kept)
    results.mkdir()
    # Mount before the nodes are started, as each has its own mount namespace.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", results], check=True, timeout=20)
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", results], check=True, timeout=20)
        cluster.start()
        process = grid.under_way(1, *SLURM, "--retries", "0", *RUNS)
        fill(results / "filler")
        assert process.wait(LIMIT_SEC) != 0
        assert "No space left on device" in grid.project.read("output") + grid.said()
        (results / "filler").unlink()
        again = grid.run(*SLURM, *RUNS)
        assert again.rc == 0, again.text[-4000:]
        grid.is_undisturbed()
        making.close()
    finally:
        cluster.stop()
        subprocess.run(["umount", "-l", results], check=True, timeout=20)
