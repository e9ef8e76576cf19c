"""Runs benchmarks. Each writes its section of RESULTS.md.

    python benchmarks/run.py                          all benchmarks
    python benchmarks/run.py cells --repeats 3        one benchmark, with a given number of repeats

A benchmark is a file in this folder with ``REPEATS`` and ``section(repeats)``, which measures and returns Markdown.
Benchmarks whose names begin with gpu_ need a GPU. Without a GPU they are skipped, or rejected if named explicitly.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

# Must be set before numpy and torch are imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "workflow")]

from _results import load, write_section

from lrwd.execution import hardware

# Run separately: cluster.py starts its own SLURM cluster, replications.py trains for half an hour,
# published_sweep.py reads a package of others.
NO_BENCHMARKS = ("run", "reference", "cluster", "replications", "published_sweep")
NAMES = sorted(path.stem for path in HERE.glob("[!_]*.py") if path.stem not in NO_BENCHMARKS)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure, and write it into benchmarks/RESULTS.md.")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--repeats", type=int, help="how often each side is measured")
    args = parser.parse_args()
    for name in args.names or NAMES:
        if name not in NAMES:
            parser.error(f"{name!r} is no benchmark; there are {', '.join(NAMES)}")
    if not hardware.num_gpus() and any(name.startswith("gpu_") for name in args.names):
        parser.error("there is no GPU here")
    for name in args.names or [name for name in NAMES if hardware.num_gpus() or not name.startswith("gpu_")]:
        benchmark = importlib.import_module(name)
        repeats = args.repeats or benchmark.REPEATS
        busy = load()
        text = f"{benchmark.section(repeats)}\n\n`python benchmarks/run.py {name} --repeats {repeats}`. {busy}"
        write_section(name, text)
        print(text)


if __name__ == "__main__":
    main()
