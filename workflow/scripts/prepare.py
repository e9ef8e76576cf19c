"""Prepares a data set."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.config import load_study
from lrwd.data._prepare import prepare
from lrwd.data._prepared import open_prepared
from lrwd.errors import DataError
from lrwd.scripting import script

with script(snakemake.log[0]):
    name = snakemake.wildcards.dataset
    knobs = dict(snakemake.params.entry)
    source, expected = knobs.pop("source"), knobs.pop("num_train", None)
    config = registry.build_config(registry.part("data", source), knobs, f"datasets.{name}")
    folder = Path(snakemake.output.manifest).parent
    prepare(config, source, folder, Path(snakemake.params.downloads, name))
    prepared = open_prepared(folder, verify=True)
    load_study(snakemake.config, "config").check_validation(name, prepared.size("val"))
    found = prepared.size("train")
    if expected not in (None, found):
        raise DataError(f"datasets.{name}.num_train: {expected}, but {found} images are left for training")
