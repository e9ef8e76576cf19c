"""Draws one figure from the runs and the tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.execution.script import script
from lrwd.figures import _style
from lrwd.runs.collect import cells_of, histories_frame
from lrwd.runs.table import read_runs
from lrwd.study.load import load_study
from lrwd.tables._write import read_tables

with script(snakemake.log[0]):
    part = registry.part("figures", snakemake.params.figure)
    runs = read_runs(snakemake.input.runs)
    tables = read_tables(snakemake.input.tables)
    histories = None
    if hasattr(part, "cells"):  # the figure draws the epochs of some cells, which are in their records
        study = load_study(snakemake.config, "config")
        # Runs from elsewhere have no records.
        histories = None if study.imported else histories_frame(study, cells_of(part.cells(runs, tables)))
    figure = part.draw(runs, tables, snakemake.params.study, histories)
    _style.save(figure, Path(snakemake.output.png), Path(snakemake.output.svg))
