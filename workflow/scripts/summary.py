"""Puts the slopes of all studies into one table and one figure."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.execution.script import script
from lrwd.figures import _style
from lrwd.reports.summary import draw, summarise

with script(snakemake.log[0]):
    rows = summarise(snakemake.input)
    rows.to_csv(snakemake.output.csv, index=False)
    _style.save(draw(rows), Path(snakemake.output.png), Path(snakemake.output.svg))
