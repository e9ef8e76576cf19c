"""Compares the study's slopes with its committed replications, and prints how many statements agree."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from lrwd.analysis.ridges import RECOMMENDED
from lrwd.atomic import write_text_atomic
from lrwd.execution import hardware
from lrwd.execution.script import script
from lrwd.reports.replicate import compare, page, summary
from lrwd.tables._write import read_tables

with script(snakemake.log[0]):
    committed = pd.read_csv(snakemake.input.replications, keep_default_na=False)
    ridge = read_tables([snakemake.input.ridge])["ridge"]
    here = ridge[ridge["estimator"] == RECOMMENDED]
    statements = compare(committed, here)
    study = snakemake.params.study
    text = page(statements, study, committed["replication"].nunique(), hardware.machine())
    write_text_atomic(snakemake.output[0], text)
    print(summary(statements, study), "See", snakemake.output[0])
