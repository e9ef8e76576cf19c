"""Cells that an earlier start of Snakemake left behind in SLURM's queue: waited for rather than trained twice.

When Snakemake is killed, its jobs go on. The next start finds here which cells are still in the queue, and which were
trained meanwhile but never acknowledged (Snakemake takes those for half-made, and would train them again).
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

# Where Snakemake notes the outputs of jobs that it has begun and not seen end.
UNACKNOWLEDGED = Path(".snakemake/incomplete")
POLL_SEC = 10.0
# A record may show up on another machine's file system later than its job's end.
LATENCY_SEC = 60.0
# In place of a job's number: the cell is trained already.
NO_JOB = "none"


def left_behind(
    results: str, cells: Iterable[Cell], is_current: Callable[[Cell, dict[str, Any]], bool]
) -> dict[str, str] | None:
    """The cells that a former start has in SLURM's queue, or that were trained after its end.

    Args:
        results: the results folder.
        cells: the study's cells.
        is_current: whether a cell's record has the spec and code that it would be trained with now.

    Returns:
        By the record's path: the SLURM job to wait for, or NO_JOB where the record is there. None if jobs were begun
        and SLURM does not say what became of them.
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
    """What is said of them at the start.

    Raises:
        ConfigError: it is not known what is running.
    """
    if found is None:
        raise ConfigError(
            "an earlier start left jobs behind, and squeue does not say what became of them; they would be submitted "
            "a second time. Start again when squeue works."
        )
    jobs = [job for job in found.values() if job != NO_JOB]
    parts = []
    if jobs:
        shown = ", ".join(jobs[:10]) + (", …" if len(jobs) > 10 else "")
        parts.append(
            f"{len(jobs)} cells of an earlier start are still in SLURM's queue (jobs {shown}): they are waited for, "
            f"not submitted again"
        )
    if num_trained := len(found) - len(jobs):
        parts.append(f"{num_trained} cells of an earlier start were trained after its end: kept")
    return "".join(f"{part}\n" for part in parts)


def wait_for(job: str, record: str, spec: dict[str, Any], code: str) -> int:
    """Wait until a cell's job of a former start has ended.

    Returns:
        The exit status: 0 if it left the cell's record.
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
    """Outputs that Snakemake has begun and not seen end: files named by the path in base64, cut where it is long."""
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
