"""Trains one cell: called by the rule ``train_cell`` for every cell, so only what is needed is imported."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.execution.launcher import SERVERS, start_cell

parser = argparse.ArgumentParser()
parser.add_argument("--job", required=True, type=json.loads, help="JSON, as lrwd/session/jobs.py makes it")
request = parser.parse_args().job

if "adopt" in request:
    from lrwd.cluster.adopt import wait_for
    from lrwd.code_hash import training_code

    sys.exit(wait_for(request["adopt"], request["record"], request["spec"], training_code(request["spec"])))

server, pool, processes = (request.pop(name) for name in ("server", "pool", "processes"))
sys.exit(start_cell(request, (*SERVERS[server], *([pool] if pool else [])) if server else None, processes))
