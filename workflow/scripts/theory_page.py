"""Writes the page on the posts' claims from the theory tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.reports.html import as_html
from lrwd.tables._write import read_tables
from lrwd.theory.page import write_theory_page

with script(snakemake.log[0]):
    text = write_theory_page(read_tables(snakemake.input.tables))
    write_text_atomic(snakemake.output.md, text)
    write_text_atomic(snakemake.output.html, as_html(text))
