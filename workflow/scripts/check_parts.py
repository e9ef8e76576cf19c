"""Builds every network, schedule and optimizer of a study once, so that what does not fit is found before training."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from lrwd.record import write_json_atomic
from lrwd.scripting import script
from lrwd.train.build import build_cell

with script(snakemake.log[0]):
    folders = {Path(path).parent.name: Path(path).parent for path in snakemake.input.manifests}
    sizes = {}
    for spec in snakemake.params.specs:
        built = build_cell(spec, folders[spec["dataset"]["name"]], torch.device("cpu"), loader_workers=0)
        name = "/".join(spec[key]["name"] for key in ("dataset", "arch", "recipe"))
        sizes[name] = {"num_params": built.num_params, "num_steps": built.num_steps}
    write_json_atomic(snakemake.output[0], sizes)
