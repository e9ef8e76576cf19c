"""Draws the figure of power from the table of identifiability."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.design import power
from lrwd.execution.script import script
from lrwd.figures import _style
from lrwd.tables._write import read_table

with script(snakemake.log[0]):
    figure = power.draw(read_table(snakemake.input.table), snakemake.params.study, snakemake.params.enough)
    _style.save(figure, Path(snakemake.output.png), Path(snakemake.output.svg))
