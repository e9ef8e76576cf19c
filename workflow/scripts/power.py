"""Draws the figure of power from the table of identifiability."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.plots import _power, _style
from lrwd.scripting import script
from lrwd.tables import write

with script(snakemake.log[0]):
    figure = _power.draw(write.read(snakemake.input.table), snakemake.params.study, snakemake.params.enough)
    _style.save(figure, Path(snakemake.output.png), Path(snakemake.output.svg))
