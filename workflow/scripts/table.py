"""Makes one table from the runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.execution.script import script
from lrwd.runs.table import read_runs
from lrwd.study.sequential import read_rounds
from lrwd.tables._write import build_table, write_table

with script(snakemake.log[0]):
    part = registry.part("tables", snakemake.params.table)
    runs, rounds = read_runs(snakemake.input.runs), read_rounds(snakemake.input.rounds)
    frame = build_table(part, runs, rounds, snakemake.params.analysis)
    write_table(
        frame, snakemake.output.csv, snakemake.output.md, part.__doc__.splitlines()[0], getattr(part, "view", None)
    )
