"""Makes one table from the runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from lrwd import registry
from lrwd.scripting import script
from lrwd.tables import write

with script(snakemake.log[0]):
    part = registry.part("analysis", snakemake.params.table)
    frame = part.build(pd.read_csv(snakemake.input.runs))
    write.write(frame, snakemake.output.csv, snakemake.output.md, part.__doc__.splitlines()[0])
