"""Prints where the study's cells stand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd.atomic import write_text_atomic
from lrwd.cluster.board import Board
from lrwd.cluster.controller import controller_of
from lrwd.cluster.queue import QueueError, has_slurm, jobs_here
from lrwd.cluster.status import report, study_status, targets
from lrwd.execution.script import script
from lrwd.study.load import load_study
from lrwd.study.outlook import num_open
from lrwd.study.paths import ratios_path
from lrwd.study.study import read_ratios

with script(snakemake.log[0]):
    study = load_study(snakemake.config, "config").known()
    ratios = Path(ratios_path(study.results, study.name))
    known = read_ratios(ratios.read_text()) if ratios.exists() else {}
    controller = controller_of(study.results)
    notes = [f"Placed by: {controller}" if controller and controller.alive else "Nobody is placing cells now."]
    queue = []
    if has_slurm():
        try:
            queue = jobs_here()
            in_queue = [job for job in queue if not job.ended]
            running = sum(job.running for job in in_queue)
            notes.append(f"SLURM's queue: {running} jobs of this folder running, {len(in_queue) - running} waiting")
        except QueueError as error:
            notes.append(f"SLURM does not say what is in its queue: {error}")
    board = Board(Path(study.results, "cluster", "pool"))
    in_pool = dict.fromkeys(board.waiting(), "waiting") | dict.fromkeys(board.running(), "running")
    in_pool = {key.replace(",", "/"): state for key, state in in_pool.items()}
    status = study_status(study, study.cells(known), queue, in_pool)
    write_text_atomic(Path(study.results, "cluster", "failed.txt"), targets(study, status))
    unknown = study.num_waiting() if study.estimates_ratio and not known else 0
    unknown += num_open(study)
    print("\n" + report(study, status, unknown, notes, snakemake.params.command), flush=True)
