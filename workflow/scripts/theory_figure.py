"""Draws one figure of the theory from its tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.execution.script import script
from lrwd.figures import _style
from lrwd.tables._write import read_tables

with script(snakemake.log[0]):
    part = registry.part("theory/figures", snakemake.params.figure)
    figure = part.draw(read_tables(snakemake.input.tables))
    _style.save(figure, Path(snakemake.output.png), Path(snakemake.output.svg))
