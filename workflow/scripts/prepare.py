"""Prepares a data set."""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import ConfigError, DataError
from lrwd.scripting import script

parser = argparse.ArgumentParser()
for name in ("dataset", "entry", "manifest", "downloads", "log"):
    parser.add_argument(f"--{name}", required=True)
parser.add_argument("--needs-validation", action="store_true")
args = parser.parse_args()

with script(args.log):
    knobs = json.loads(args.entry)
    source, expected = knobs.pop("source"), knobs.pop("num_train", None)
    config = registry.build_config(registry.part("data", source), knobs, f"datasets.{args.dataset}")
    folder = Path(args.manifest).parent
    prepare(config, source, folder, Path(args.downloads))
    prepared = open_prepared(folder, verify=True)
    if args.needs_validation and not prepared.size("val"):
        where = f"datasets.{args.dataset}.val_size"
        raise ConfigError(f"{where}: 0 is not allowed, as the study selects on 'val' and the source has no such split")
    found = prepared.size("train")
    if expected not in (None, found):
        raise DataError(f"datasets.{args.dataset}.num_train: {expected}, but {found} images are left for training")
