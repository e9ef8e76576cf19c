"""Collects the records of a study into one table."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.collect import runs_frame
from lrwd.config import load_study
from lrwd.record import write_text_atomic
from lrwd.scripting import script
from lrwd.study import read_ratios

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config")
    ratios = read_ratios(Path(snakemake.input.ratios).read_text()) if snakemake.input.ratios else {}
    write_text_atomic(snakemake.output.runs, runs_frame(study, ratios, study.cells(ratios)).to_csv(index=False))
