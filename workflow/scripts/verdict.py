"""Writes the verdict from the runs and the tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from lrwd.page import as_html
from lrwd.record import write_text_atomic
from lrwd.scripting import script
from lrwd.tables import write
from lrwd.verdict import write_verdict

with script(snakemake.log[0]):
    tables = {Path(path).stem: write.read(path) for path in snakemake.input.tables}
    runs = pd.read_csv(snakemake.input.runs)
    text = write_verdict(tables, runs, snakemake.params.study, snakemake.params.imported)
    write_text_atomic(snakemake.output.md, text)
    write_text_atomic(snakemake.output.html, as_html(text))
