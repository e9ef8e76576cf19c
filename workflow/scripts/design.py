"""Makes a table of simulated studies on the study's own grid."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from lrwd.analysis import _calibration, _design
from lrwd.analysis._grids import read_knobs, study_grids
from lrwd.config import load_study
from lrwd.scripting import script
from lrwd.tables import write

BUILD = {
    "identifiability": (
        _design.identifiability,
        "What the grid can show before anything is trained, and a better one.",
    ),
    "calibration": (_calibration.calibration, "The estimators on simulated studies with the study's own grid."),
}

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config")
    runs = pd.read_csv(snakemake.input.runs) if study.imported else None
    build, caption = BUILD[snakemake.params.table]
    frame = build(study_grids(study, runs), read_knobs(snakemake.config))
    write.write(frame, snakemake.output.csv, snakemake.output.md, caption)
