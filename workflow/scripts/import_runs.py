"""Brings runs from elsewhere into a table of runs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.runs.external import import_runs
from lrwd.study.load import load_study

with script(snakemake.log[0]):
    imported = load_study(snakemake.config, "config").imported
    assert imported is not None
    runs, report = import_runs(imported)
    write_text_atomic(snakemake.output.runs, runs.to_csv(index=False))
    write_text_atomic(snakemake.output.report, report)
