"""Measures what the cells of a group cost on this machine."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.execution.launcher import ONE_THREAD

# Before numpy and torch are loaded, which would start threads that do not survive a fork.
os.environ |= ONE_THREAD

from lrwd import registry
from lrwd.atomic import write_json_atomic
from lrwd.data._synthetic import make_synthetic
from lrwd.errors import ConfigError
from lrwd.execution.gpu_lease import take_lease
from lrwd.execution.script import script
from lrwd.plan.measure import Limits, measure_cost
from lrwd.train.cell import Job

parser = argparse.ArgumentParser()
parser.add_argument("--job", required=True, type=json.loads, help="JSON, as lrwd/session/jobs.py makes it")
parser.add_argument("--output", required=True)
parser.add_argument("--log", required=True)
parser.add_argument("--manifest", help="of the prepared data set; none: synthetic pixels take its place")
args = parser.parse_args()
asked = args.job

if leased := asked.get("lease"):
    lease = take_lease(leased["gpus"], 1, leased["cells_per_gpu"], Path(leased["folder"]))
    os.environ |= lease.environment
elif asked.get("hides_gpus"):
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

with script(args.log), tempfile.TemporaryDirectory() as folder:
    spec = asked["spec"]
    if args.manifest:
        data = Path(args.manifest).parent
    else:
        knobs, where = dict(asked["entry"]), f"datasets.{spec['dataset']['name']}"
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
        loader_workers=asked["loader_workers"],
        cuda_graph=asked["cuda_graph"],
    )
    found = measure_cost(job, Limits(asked["max_steps"], asked["max_sec"], tuple(asked["at_once"])))
    found["pixels"] = "real" if args.manifest else "synthetic"
    found["data_bytes"] = sum(path.stat().st_size for path in data.glob("*.npy"))
    write_json_atomic(args.output, found)
