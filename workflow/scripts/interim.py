"""Makes the tables and figures of the cells that are finished, marked as interim."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.atomic import write_text_atomic
from lrwd.execution.script import script
from lrwd.figures import _style
from lrwd.runs.collect import cells_of, histories_frame, is_trained, runs_frame
from lrwd.study.load import load_study
from lrwd.study.outlook import num_open
from lrwd.study.paths import ratios_path
from lrwd.study.study import read_ratios
from lrwd.tables._write import build_table, read_table, write_table

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config").known()
    ratios = Path(ratios_path(study.results, study.name))
    known = read_ratios(ratios.read_text()) if ratios.exists() else {}
    cells = study.cells(known)
    finished = [cell for cell in cells if is_trained(study, cell)]
    waiting = study.num_waiting() if study.estimates_ratio and not known else 0
    waiting += num_open(study)
    mark = f"INTERIM: {len(finished)} of {len(cells) + waiting} trainings"
    if not finished:
        sys.exit("\nNo training of this study is finished yet.\n")
    folder = Path(study.results, "interim")
    runs = runs_frame(study, known, finished)
    write_text_atomic(folder / "runs.csv", runs.to_csv(index=False))
    tables = {}
    for name in snakemake.params.tables:
        part, path = registry.part("tables", name), folder / "tables" / f"{name}.csv"
        frame = build_table(part, runs, study.rounds, study.config["analysis"])
        write_table(
            frame, path, path.with_suffix(".md"), f"{mark}. {part.__doc__.splitlines()[0]}", getattr(part, "view", None)
        )
        tables[name] = read_table(path)
    for name in snakemake.params.figures:
        part = registry.part("figures", name)
        histories = None
        if hasattr(part, "cells"):
            histories = histories_frame(study, cells_of(part.cells(runs, tables)))
        path = folder / "figures" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        _style.save(part.draw(runs, tables, f"{study.name} · {mark}", histories), path, path.with_suffix(".svg"))
    print(f"\n{mark}: {folder}/tables, {folder}/figures\n", flush=True)
