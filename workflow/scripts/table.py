"""Makes one table from the runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.analysis.knobs import AnalysisKnobs, takes_knobs
from lrwd.execution.script import script
from lrwd.runs.table import read_runs
from lrwd.tables._write import write_table

with script(snakemake.log[0]):
    part = registry.part("tables", snakemake.params.table)
    asked = {"knobs": AnalysisKnobs.read(snakemake.params.knobs)} if takes_knobs(part.build) else {}
    frame = part.build(read_runs(snakemake.input.runs), **asked)
    write_table(frame, snakemake.output.csv, snakemake.output.md, part.__doc__.splitlines()[0])
