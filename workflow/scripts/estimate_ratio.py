"""Estimates rho = wd* / lr for every group of a study from its grid: the faithful estimate of Table 1."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.analysis.undefined import known
from lrwd.atomic import write_json_atomic
from lrwd.execution.script import script
from lrwd.runs.collect import runs_frame
from lrwd.study.load import load_study
from lrwd.study.paths import significant
from lrwd.study.sequential import read_rounds
from lrwd.tables import table1

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config").at(read_rounds(snakemake.input.rounds))
    table = table1.build(runs_frame(study, {}, study.grid_cells))
    ratios = {}
    for row in table.itertuples():
        # Rounded, as it becomes part of paths; None where there is no positive ratio, so no line to train on.
        rho = known(row.rho)
        ratios[f"{row.dataset}/{row.arch}/{row.recipe}"] = significant(rho, 4) if rho and rho > 0 else None
    write_json_atomic(snakemake.output[0], ratios)
