"""Adopts the SLURM jobs of an earlier Snakemake process, so that their cells are not trained twice.

When Snakemake is killed, its SLURM jobs continue. At the next start, this module finds two kinds of cells: those whose
jobs are still in the queue, and those whose jobs have finished since. Snakemake considers the outputs of both
incomplete and would train the cells again.
"""

import base64
import json
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from lrwd.cluster.queue import QueueError, comment_of, jobs_here
from lrwd.errors import ConfigError, RecordError
from lrwd.runs.record import read_record
from lrwd.study.cell import Cell
from lrwd.study.paths import record_path

# Snakemake lists here the outputs of jobs that it has started and whose end it has not seen.
UNACKNOWLEDGED = Path(".snakemake/incomplete")
POLL_SEC = 10.0
# On a network file system, a record may become visible some time after its job has ended.
LATENCY_SEC = 60.0
# Used in place of a job number if the cell is already trained.
NO_JOB = "none"


def left_behind(
    results: str, cells: Iterable[Cell], is_current: Callable[[Cell, dict[str, Any]], bool]
) -> dict[str, str] | None:
    """Find the cells of an earlier start that are still in SLURM's queue or were trained after it exited.

    Args:
        results: the results folder.
        cells: the study's cells.
        is_current: whether a cell's record has the spec and the code hash of the present configuration and code.

    Returns:
        Maps the record's path to the SLURM job to wait for, or to NO_JOB if the record exists. None if jobs were
        started and SLURM does not report their state.
    """
    begun = _unacknowledged()
    if not begun:
        return {}
    try:
        queued = {job.comment: job.job for job in jobs_here() if not job.ended}
    except QueueError:
        return None
    found = {}
    for cell in cells:
        path = record_path(results, cell)
        if path not in begun:
            continue
        if job := queued.get(comment_of(cell)):
            found[path] = job
        elif _is_whole(path, partial(is_current, cell)):
            found[path] = NO_JOB
    return found


def adoption_summary(found: dict[str, str] | None) -> str:
    """Message about the adopted cells, printed at the start.

    Raises:
        ConfigError: ``found`` is None, that is, SLURM does not report the state of the jobs.
    """
    if found is None:
        raise ConfigError(
            "an earlier start left jobs behind, and squeue does not report their state. Starting now would submit them "
            "a second time. Start again when squeue works."
        )
    jobs = [job for job in found.values() if job != NO_JOB]
    parts = []
    if jobs:
        shown = ", ".join(jobs[:10]) + (", …" if len(jobs) > 10 else "")
        parts.append(
            f"{len(jobs)} cells of an earlier start are still in SLURM's queue (jobs {shown}): waiting for them "
            f"instead of submitting them again"
        )
    if num_trained := len(found) - len(jobs):
        parts.append(f"{num_trained} cells of an earlier start were trained after it exited: kept")
    return "".join(f"{part}\n" for part in parts)


def wait_for(job: str, record: str, spec: dict[str, Any], code: str) -> int:
    """Wait until a cell's job of an earlier start has ended.

    Returns:
        The exit status: 0 if the job wrote the cell's record.
    """
    state = "gone"
    while job != NO_JOB:
        try:
            state = next((queued.state for queued in jobs_here() if queued.job == job and not queued.ended), "")
        except QueueError as error:
            print(f"SLURM does not answer ({error}); asking again", file=sys.stderr)
            state = "unknown"
        if not state:
            break
        time.sleep(POLL_SEC)

    deadline = time.monotonic() + LATENCY_SEC
    while time.monotonic() < deadline:
        if _is_whole(record, lambda found: found["spec"] == spec and found["code"] == code):
            return 0
        time.sleep(1)
    print(f"SLURM job {job} of an earlier start ended without this cell's record; start again", file=sys.stderr)
    return 1


def _unacknowledged() -> set[str]:
    """Outputs of jobs that Snakemake started and did not see end.

    Snakemake keeps one file per output. Its name is the output's path in base64, split into folders if it is long.
    """
    paths = set()
    for file in UNACKNOWLEDGED.rglob("*") if UNACKNOWLEDGED.exists() else ():
        if file.is_file():
            name = "".join(part.removeprefix("@") for part in file.relative_to(UNACKNOWLEDGED).parts)
            paths.add(base64.urlsafe_b64decode(name).decode(errors="replace"))
    return paths


def _is_whole(path: str, is_current: Callable[[dict[str, Any]], bool]) -> bool:
    try:
        return is_current(read_record(path))
    except (OSError, RecordError, json.JSONDecodeError, KeyError):
        return False
