"""Measures a grid of short cells on a SLURM cluster: one job per cell, and packed. Starts its own cluster (as root).

    python3 envs/run.py --dev python benchmarks/cluster.py             (240 cells; 17 minutes on two idle cores)
    python3 envs/run.py --dev python benchmarks/cluster.py --cells 60

Prints a table with submissions, wall time, Snakemake's CPU time and messages to SLURM's controller, and a proportional
estimate for 2,400 cells.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "workflow")]

import yaml
from grids import PACKED, RUNS, SLURM, on_cluster
from projects import new_project, tiny_study
from slurm_cluster import Cluster, why_not

GRID = 2400
LIMIT_SEC = 3600


def study(num_cells: int) -> dict:
    """A study with cells of two epochs, about half a second each."""
    extra = on_cluster(tiny_study())
    grid = {"architectures": ["resnet_digits"], "grid": {"lr": [0.003, 0.01, 0.03], "wd": [0.1, 1]}}
    seeds = list(range(num_cells // 6))
    extra["studies"]["tiny"] |= {**grid, "seeds": seeds, "on_ratio": {"ratio": 20, "kappas": []}}
    extra["needs"] = {"digits": {"gpus": 1, "cpus": 1, "mem_gb": 1, "hours": 0.5}}
    extra["pool"] |= {"allocations": 3, "cells_per_gpu": 2, "mem_gb_per_cell": 0.8}
    return extra


def messages(cluster: Cluster) -> int:
    """Number of messages that SLURM's controller has received."""
    part = cluster.say("sdiag").partition("by message type")[2].partition("by user")[0]
    return sum(int(number) for number in re.findall(r"count:(\d+)", part))


def measure(profile: tuple[str, ...], num_cells: int, folder: Path) -> dict[str, float]:
    """Run the study once on a newly started cluster."""
    # A short path, as socket addresses are limited in length, and readable by all, as munged requires.
    cluster = Cluster(Path(f"/tmp/lrwd-bench-{os.getpid()}-{folder.name}")).start()
    try:
        project = new_project(folder, study(num_cells))
        (folder / "extra.yaml").write_text(yaml.safe_dump(project.extra, sort_keys=False))
        environment = {**cluster.environment, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(folder / ".cache")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before, started = messages(cluster), time.monotonic()
        command = [sys.executable, "-m", "snakemake", *profile, "--configfile", "extra.yaml", *RUNS]
        with (folder / "output").open("w") as output:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
            _, code, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        if code != 0:
            sys.exit((folder / "output").read_text()[-4000:])
        submissions = len(cluster.jobs())
        return {
            "submissions": submissions,
            "wall, s": wall,
            "CPU of Snakemake, s": usage.ru_utime + usage.ru_stime,
            "messages to slurmctld": messages(cluster) - before,
        }
    finally:
        cluster.stop()


def main() -> None:
    """Measure both ways and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=240)
    num_cells = parser.parse_args().cells
    if reason := why_not():
        sys.exit(reason)
    base = Path(tempfile.mkdtemp(prefix="lrwd-bench-"))
    try:
        job = measure(SLURM, num_cells, base / "job")
        packed = measure(PACKED, num_cells, base / "packed")
    finally:
        shutil.rmtree(base, ignore_errors=True)
    load = os.getloadavg()[2]
    print(f"{num_cells} cells, 3 nodes with 2 GPUs, all on {os.cpu_count()} cores; load average {load:.1f}; n = 1\n")
    print(f"| | a job a cell | packed | ratio | {GRID} cells, a job a cell (estimate) | … packed (estimate) |")
    print("|---|---|---|---|---|---|")
    for name, value in job.items():
        scale = GRID / num_cells
        # When packed, the number of allocations does not depend on the number of cells.
        packed_scale = 1 if name == "submissions" else scale
        estimate = f"{value * scale:.0f} | {packed[name] * packed_scale:.0f}"
        print(f"| {name} | {value:.0f} | {packed[name]:.0f} | {packed[name] / value:.2f} | {estimate} |")


if __name__ == "__main__":
    main()
