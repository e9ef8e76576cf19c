"""Makes the table of what a study will cost."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.execution.script import script
from lrwd.plan.table import plan_frame
from lrwd.study.load import load_study
from lrwd.tables._write import write_table

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config")
    groups = [cell.group for cell in study.one_cell_a_group()]
    found = [json.loads(Path(path).read_text()) for path in snakemake.input]
    frame = plan_frame(study, dict(zip(groups, found, strict=True)))
    caption = f"What study {study.name} will cost on this machine, from a few steps of each group."
    if study.sequential:
        caption += " A network that chooses its own cells has its budget as cells: it may stop before it is used up."
    write_table(frame, snakemake.output.csv, snakemake.output.md, caption)
