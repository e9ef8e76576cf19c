"""Prepares a data set."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import DataError
from lrwd.execution.script import script
from lrwd.study.requirements import check_demands

parser = argparse.ArgumentParser()
for name in ("dataset", "entry", "manifest", "downloads", "log", "demands"):
    parser.add_argument(f"--{name}", required=True)
args = parser.parse_args()

with script(args.log):
    knobs = json.loads(args.entry)
    source, expected = knobs.pop("source"), knobs.pop("num_train", None)
    part = registry.part("data", source)
    config = registry.build_config(part, knobs, f"datasets.{args.dataset}")
    if hasattr(part, "resolved"):  # some knobs follow from the files
        config = part.resolved(config)
    folder = Path(args.manifest).parent
    prepare(config, source, folder, Path(args.downloads))
    prepared = open_prepared(folder, verify=True)
    check_demands(json.loads(args.demands), args.dataset, prepared.manifest)
    counts = prepared.manifest["class_counts"]["train"]
    found = counts if isinstance(expected, list) else sum(counts)
    if expected not in (None, found):
        raise DataError(f"datasets.{args.dataset}.num_train: {expected}, but {found} images are left for training")
