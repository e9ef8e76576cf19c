"""Measures what the cells of a group cost on this machine."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.start import ONE_THREAD

# Before numpy and torch are loaded, which would start threads that do not survive a fork.
os.environ |= ONE_THREAD

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.record import write_json_atomic
from lrwd.scripting import script
from lrwd.train.calibrate import Limits, calibrate
from lrwd.train.cell import Job
from lrwd.train.synthetic import make_synthetic

parser = argparse.ArgumentParser()
for name in ("spec", "entry", "output", "log"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--manifest", help="of the prepared data set; none: synthetic pixels take its place")
parser.add_argument("--max-steps", type=int, required=True)
parser.add_argument("--max-sec", type=float, required=True)
parser.add_argument("--at-once", type=int, nargs="+", required=True)
parser.add_argument("--loader-workers", type=int, required=True)
parser.add_argument("--cuda-graph", action="store_true")
args = parser.parse_args()

with script(args.log), tempfile.TemporaryDirectory() as folder:
    spec = json.loads(args.spec)
    if args.manifest:
        data = Path(args.manifest).parent
    else:
        knobs, where = json.loads(args.entry), f"datasets.{spec['dataset']['name']}"
        source = registry.part("data", knobs.pop("source"))
        knobs.pop("num_train", None)
        config = registry.build_config(source, knobs, where)
        extent = source.extent(config)
        if extent is None:
            raise ConfigError(f"{where}: its size is known once it is prepared; first run `snakemake prepare`")
        data = make_synthetic(Path(folder, "data"), source.shape(config), extent).folder
    job = Job(
        spec=spec,
        data=data,
        record=Path(folder, "record"),
        checkpoint=Path(folder, "checkpoint"),
        checkpoint_sec=1e9,
        loader_workers=args.loader_workers,
        cuda_graph=args.cuda_graph,
    )
    found = calibrate(job, Limits(args.max_steps, args.max_sec, tuple(args.at_once)))
    found["pixels"] = "real" if args.manifest else "synthetic"
    found["data_bytes"] = sum(path.stat().st_size for path in data.glob("*.npy"))
    write_json_atomic(args.output, found)
