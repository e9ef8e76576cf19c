"""A study on a cluster: started, disturbed, and compared with the same study on one machine."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from projects import Project, Result, copied, tiny_study, until
from slurm_cluster import Cluster, why_not

QUICK = (
    "--slurm-init-seconds-before-status-checks",
    "3",
    "--max-status-checks-per-second",
    "1",
    "--latency-wait",
    "10",
)
SLURM = ("--profile", "profiles/slurm", *QUICK)
PACKED = ("--profile", "profiles/slurm-packed", *QUICK)
RUNS = ("--", "results/runs.csv")
# Everything has a limit, with room for machines that do other things as well.
LIMIT_SEC = 420
SITE = {
    "gpu": "optional",  # the cluster's GPUs are only names
    "warn_sec": 20,
    "needs": {"digits": {"gpus": 1, "cpus": 1, "mem_gb": 1.5, "hours": 0.5}},
    "pool": {
        **{"allocations": 2, "gpus": 2, "cells_per_gpu": 1, "cpus_per_cell": 1, "mem_gb_per_cell": 1.5, "hours": 0.5},
        "idle_sec": 60,
    },
}


def on_cluster(extra: dict[str, Any]) -> dict[str, Any]:
    """A study's configuration with a site's."""
    return {**extra, **SITE}


def long_cells(epochs: int = 160) -> dict[str, Any]:
    """Four cells of seven seconds or so on an idle machine, which write a checkpoint every second."""
    extra = {**tiny_study(epochs=epochs, eval_every=epochs), "execution": {"checkpoint_sec": 1}}
    study = {"architectures": ["resnet_digits"], "grid": {"lr": [0.003, 0.01], "wd": [0.1, 1]}}
    extra["studies"]["tiny"] |= {**study, "on_ratio": {"ratio": 20, "kappas": []}}
    return on_cluster(extra)


@dataclass
class Grid:
    """A project on a cluster."""

    project: Project
    undisturbed: Project
    cluster: Cluster
    started: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *args: str) -> subprocess.Popen:
        """Start Snakemake."""
        process = self.project.start(*args)
        self.started.append(process)
        return process

    def run(self, *args: str) -> Result:
        """Run Snakemake to its end."""
        return self.project.run(*args, timeout=LIMIT_SEC)

    def under_way(self, number: int = 1, *args: str) -> subprocess.Popen:
        """Start the study, and wait until cells have written checkpoints."""
        process = self.start(*(args or (*SLURM, *RUNS)))
        self.wait(lambda: len(self.checkpoints()) >= number or process.poll() is not None, "checkpoints")
        assert process.poll() is None, self.project.read("output")[-5000:]
        return process

    def checkpoints(self) -> list[str]:
        """The cells that have a checkpoint."""
        folder = self.project.path("results/checkpoints")
        return [path.relative_to(folder).as_posix().removesuffix(".ckpt") for path in folder.rglob("*.ckpt")]

    def jobs(self, states: str = "all") -> list[dict[str, str]]:
        """This project's jobs."""
        return [job for job in self.cluster.jobs(states) if job["folder"] == str(self.project.folder)]

    def cells(self, states: str = "all") -> list[dict[str, str]]:
        """This project's jobs that train a cell."""
        return [job for job in self.jobs(states) if "train_cell" in job["comment"]]

    def at_work(self) -> dict[str, str]:
        """A running job in which a cell has written a checkpoint that it can go on from."""
        log = self.project.read(f"results/logs/runs/{self.checkpoints()[0]}.log")
        number = re.findall(r"SLURM job (\d+)", log)[-1]
        return next(job for job in self.jobs("running") if job["id"] == number)

    def trainers(self) -> dict[int, int]:
        """The processes that train cells or fork those that do, each with its parent; nodes hide none from here."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().split(b"\0")
                if (process / "cwd").resolve() == self.project.folder and b"lrwd.execution.worker" in command:
                    found[int(process.name)] = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        return found

    def forked(self) -> list[int]:
        """The processes that were forked to train a packed cell."""
        found = self.trainers()
        return [process for process, parent in found.items() if parent in found]

    def said(self) -> str:
        """What all cells logged."""
        return "\n".join(path.read_text() for path in self.project.path("results/logs/runs").rglob("*.log"))

    def beside(self, *args: str) -> Result:
        """Run Snakemake beside the one whose output goes to the project's file."""
        at = args.index("--") if "--" in args else len(args)
        command = [sys.executable, "-m", "snakemake", *args[:at], "--configfile", "extra.yaml", *args[at:]]
        started = time.monotonic()
        answer = subprocess.run(
            command,
            cwd=self.project.folder,
            env={**os.environ, **self.project.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT_SEC,
            check=False,
        )
        return Result(answer.returncode, answer.stdout, time.monotonic() - started)

    def status(self, *profile: str) -> str:
        """What `snakemake status` prints, beside whatever runs."""
        result = self.beside(*(profile or SLURM), "--", "status")
        assert result.rc == 0, result.text[-3000:]
        return result.text

    def ends(self, process: subprocess.Popen) -> str:
        """Wait for Snakemake's good end; its output."""
        code = process.wait(LIMIT_SEC)
        output = self.project.read("output")
        assert code == 0, output[-6000:]
        return output

    def is_undisturbed(self) -> None:
        """Check that everything is as if nothing had happened: the table bit for bit, and every record."""
        assert self.project.read("results/runs.csv") == self.undisturbed.read("results/runs.csv")
        records = self.project.records()
        assert records.keys() == self.undisturbed.records().keys()
        for cell, path in records.items():
            one, two = (json.loads(path.read_text()) for path in (path, self.undisturbed.records()[cell]))
            assert {**one, "run": None} == {**two, "run": None}, cell
        assert not self.checkpoints()
        again = self.project.run(*SLURM, "-n", *RUNS)
        assert "Nothing to be done" in again.text, again.text[-3000:]

    def wait(self, condition: Any, what: str, seconds: float = LIMIT_SEC) -> None:
        """Wait for something, with all that is known where it does not come."""
        until(
            condition,
            seconds,
            lambda: f"waited in vain for {what}\n{self.jobs()}\n{self.project.read('output')[-4000:]}",
        )

    def stop(self) -> None:
        """End what still runs."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.cluster.say("scancel", "--user=root")
        self.wait(lambda: not self.cluster.jobs("running,pending,completing"), "an empty queue", 90)


def fresh(here: Project, cluster: Cluster, tmp_path: Path) -> Iterator[Grid]:
    """A copy of the study without what was trained; nothing of it is left running."""
    project = copied(here, tmp_path / "project")
    for name in ("runs", "runs.csv", "studies", "logs", "checkpoints"):
        path = project.path("results", name)
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    project.environment = cluster.environment
    grid = Grid(project, here, cluster)
    yield grid
    grid.stop()


def running(tmp_path_factory: pytest.TempPathFactory, **options: bool) -> Iterator[Cluster]:
    """A cluster for as long as it is needed; the tests are skipped where there can be none."""
    if reason := why_not(options.get("accounting", False)):
        pytest.skip(reason)
    # munged's socket must have a short name.
    folder = Path(f"/tmp/lrwd-slurm-{os.getpid()}-{tmp_path_factory.mktemp('c').name}-{len(options)}")
    cluster = Cluster(folder, **options).start()
    yield cluster
    cluster.stop()
