"""Makes a table of simulated studies on the study's own grid."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.design import calibration as _calibration
from lrwd.design import identifiability as _design
from lrwd.design.grids import read_knobs, study_grids
from lrwd.execution.script import script
from lrwd.runs.table import read_runs
from lrwd.study.load import load_study
from lrwd.tables._write import write_table

BUILD = {
    "identifiability": (
        _design.identifiability,
        "What the grid can show before anything is trained, and a better one.",
    ),
    "calibration": (_calibration.calibration, "The estimators on simulated studies with the study's own grid."),
}

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config")
    runs = read_runs(snakemake.input.runs) if study.imported else None
    build, caption = BUILD[snakemake.params.table]
    frame = build(study_grids(study, runs), read_knobs(study.config))
    write_table(frame, snakemake.output.csv, snakemake.output.md, caption)
