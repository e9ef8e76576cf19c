"""Trains one cell: called by the rule ``train`` for every cell, so only what is needed is imported."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.start import WARM, start_cell

parser = argparse.ArgumentParser()
for name in ("spec", "manifest", "record", "checkpoint", "log"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--checkpoint-sec", type=float, required=True)
parser.add_argument("--loader-workers", type=int, required=True)
parser.add_argument("--threads", type=int, required=True)
parser.add_argument("--processes", type=int, required=True)
parser.add_argument("--cuda-graph", action="store_true")
parser.add_argument("--base", nargs="?", default=None)  # without a value where the schedule has no base
how = parser.add_mutually_exclusive_group()
how.add_argument("--warm", action="store_true")
how.add_argument("--adopt", metavar="JOB")
how.add_argument("--pool", metavar="SETTINGS")
parser.add_argument("--gpu", choices=["required", "optional"])
parser.add_argument("--results")
parser.add_argument("--start", nargs="?", default=None)  # without a value where the weights are random
parser.add_argument("--weights", nargs="?", default=None)
args = parser.parse_args()

if args.adopt:
    from lrwd.cluster.adopt import wait_for
    from lrwd.code_hash import training_code

    spec = json.loads(args.spec)
    sys.exit(wait_for(args.adopt, args.record, spec, training_code(spec)))

job = {
    "spec": json.loads(args.spec),
    "data": str(Path(args.manifest).parent),
    "record": args.record,
    "checkpoint": args.checkpoint,
    "checkpoint_sec": args.checkpoint_sec,
    "loader_workers": args.loader_workers,
    "threads": args.threads,
    "base": args.base,
    "start": args.start or None,
    "weights": args.weights,
    "cuda_graph": args.cuda_graph,
}
server = WARM if args.warm else ("lrwd.cluster.pool", args.pool) if args.pool else None
on_a_cluster = {"gpu": args.gpu, "results": args.results} if args.gpu else {}
sys.exit(start_cell({"job": job, "log": args.log, **on_a_cluster}, server, args.processes))
