"""Joins the records of a study that is trained for the theory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.runs.record import join_records

with script(snakemake.log[0]):
    write_text_atomic(snakemake.output.records, join_records(snakemake.input.records))
