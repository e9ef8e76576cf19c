"""Chooses a round of a sequential study."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_json_atomic
from lrwd.design.rounds import choose_round, summary
from lrwd.execution.script import script
from lrwd.study.load import load_study
from lrwd.study.sequential import read_rounds

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config").at(read_rounds(snakemake.input.rounds))
    chosen = choose_round(study)
    write_json_atomic(snakemake.output[0], chosen.to_json())
    print(f"study {study.name}, {summary(chosen)}", file=sys.stderr, flush=True)
