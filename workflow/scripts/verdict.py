"""Writes the verdict from the runs and the tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.reports.html import as_html
from lrwd.reports.verdict import RIDGE, write_verdict
from lrwd.runs.external_failed import failed_lines
from lrwd.runs.table import read_runs
from lrwd.tables._write import read_tables

with script(snakemake.log[0]):
    tables = read_tables(snakemake.input.tables)
    runs = read_runs(snakemake.input.runs)
    report = snakemake.input.get("imported")
    caveats = failed_lines(Path(report).read_text()) if report else []
    text = write_verdict(tables, runs, snakemake.params.study, bool(report), caveats)
    write_text_atomic(snakemake.output.md, text)
    write_text_atomic(snakemake.output.html, as_html(text, {RIDGE: Path(snakemake.input.picture).read_bytes()}))
