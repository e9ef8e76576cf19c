"""Collects the records of a study into one table."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.runs.collect import runs_frame, trained_by_other_code
from lrwd.study.load import load_study
from lrwd.study.sequential import read_rounds
from lrwd.study.study import read_ratios

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config").at(read_rounds(snakemake.input.rounds))
    ratios = read_ratios(Path(snakemake.input.ratios).read_text()) if snakemake.input.ratios else {}
    cells = study.cells(ratios)
    write_text_atomic(snakemake.output.runs, runs_frame(study, ratios, cells).to_csv(index=False))
    if other := trained_by_other_code(study, cells):
        print(
            f"warning: {len(other)} of {len(cells)} records were trained by another version of the code, such as "
            f"{other[0]}; `snakemake -R train_cell` trains them again",
            file=sys.stderr,
        )
