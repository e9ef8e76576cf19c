"""Copies the repository for benchmarks that run the real Snakemake, and measures the cost of commands."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lrwd.study.load import load_study
from lrwd.study.study import Study

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
# Environment variables of the shell that are removed for the measured commands.
FOREIGN = ("PYTHONDONTWRITEBYTECODE", "LRWD_OWNER", "OMP_NUM_THREADS", "SNAKEMAKE_PROFILE")
PROFILE = ("--profile", "profiles/local")


@dataclass(frozen=True)
class Cost:
    """Cost of a command: wall time, CPU time including children (seconds), and peak memory of one process."""

    wall_sec: float
    cpu_sec: float
    peak_mb: float


def new_project(folder: Path, extra: Mapping[str, Any]) -> Path:
    """Copy the repository to a folder, with ``extra`` as its --configfile."""
    folder.mkdir(parents=True)
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    (folder / "extra.yaml").write_text(yaml.safe_dump(dict(extra), sort_keys=False))
    return folder


def read_study(folder: Path) -> Study:
    """The study configured in a project."""
    return load_study(yaml.safe_load((folder / "extra.yaml").read_text()), "benchmark")


def snakemake(folder: Path, *args: str) -> Cost:
    """Run Snakemake with the local profile in a project."""
    # With an equal sign, as Snakemake would otherwise read a target as a second configuration file.
    return timed([sys.executable, "-m", "snakemake", *PROFILE, "--configfile=extra.yaml", *args], folder)


def timed(command: Sequence[str], folder: Path, **environment: str) -> Cost:
    """Run a command to its end.

    Raises:
        RuntimeError: the command failed; the message contains the end of its output.
    """
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    output = folder / "output"
    started = time.perf_counter()
    with open(output, "w") as stream:
        process = subprocess.Popen(command, cwd=folder, env={**env, **environment}, stdout=stream, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}\n{output.read_text()[-4000:]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
