"""Reports the status of a study: the state of every cell, reasons for failures, and the command to retry them."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrwd.cluster.queue import QueuedJob, comment_of
from lrwd.execution.bad_nodes import bad_nodes
from lrwd.runs.failed import FAILED, reason_of
from lrwd.study.cell import Cell
from lrwd.study.paths import cell_name, record_path
from lrwd.study.study import Study

STATES = ("done", "diverged", "running", "waiting", "failed", "to do")
# Patterns that slurmstepd writes into a job's log when it ends the job, and the reasons that they mean.
SIGNS = (
    (r"oom[-_]kill|Out Of Memory|CUDA out of memory", "memory"),
    (r"DUE TO TIME LIMIT", "time limit"),
    (r"DUE TO NODE FAILURE", "node failure"),
    (r"DUE TO PREEMPTION", "preempted"),
    (r"\*\*\* (?:JOB|STEP) \S+ ON \S+ CANCELLED", "cancelled"),
)
# Reasons for SLURM's job states, for jobs that wrote nothing to their log.
WORDS = {
    "TIMEOUT": "time limit",
    "OUT_OF_MEMORY": "memory",
    "NODE_FAIL": "node failure",
    "PREEMPTED": "preempted",
    "CANCELLED": "cancelled",
}
# Only the end of a log is read, as it may be large. Snakemake's own messages at the end are long; the reason for the
# failure is before them.
TAIL_BYTES = 65536
MAX_NAMED = 20


@dataclass(frozen=True)
class Failure:
    """A cell whose training started but is not running, and which has no result.

    is_kept: whether a record states the failure, as in sequential studies.
    """

    cell: Cell
    reason: str
    last_line: str
    is_kept: bool = False


@dataclass(frozen=True)
class Status:
    """The state of every cell, and the reason for each failure."""

    states: Mapping[Cell, str]
    failures: list[Failure]


def study_status(study: Study, cells: Iterable[Cell], queue: Iterable[QueuedJob], in_pool: Mapping[str, str]) -> Status:
    """Determine the state of every cell.

    Args:
        study: the study that the cells belong to.
        cells: the cells to report.
        queue: this folder's SLURM jobs.
        in_pool: maps the name of each cell in the pool to its state.
    """
    jobs = {job.comment: job for job in sorted(queue, key=lambda job: int(job.job))}  # each cell's latest job
    states, failures = {}, []
    for cell in cells:
        job = jobs.get(comment_of(cell))
        path = record_path(study.results, cell)
        state = _recorded(path) or in_pool.get(cell_name(cell))
        if state == FAILED:
            log = Path(study.results, "logs", "runs", f"{cell_name(cell)}.log")
            failures.append(Failure(cell, f"kept: {reason_of(path)}", _last_line(_tail(log)) or "(empty)", True))
        if state is None and job is not None and not job.ended:
            state = "running" if job.running else "waiting"
        if state is None:
            log = Path(study.results, "logs", "runs", f"{cell_name(cell)}.log")
            slurm_log = _latest(Path(".snakemake/slurm_logs/rule_train_cell", comment_of(cell).split("_wildcards_")[1]))
            if log.exists() or slurm_log:
                failures.append(_failure(cell, log, slurm_log, job))
                state = "failed"
        states[cell] = state or "to do"
    return Status(states, failures)


def report(study: Study, status: Status, num_unknown: int, notes: Iterable[str], command: str) -> str:
    """Format the status for a terminal.

    Args:
        study: its name and results folder are shown.
        status: the cells' states.
        num_unknown: number of cells that are not known yet: on-ratio cells whose ratio is to be estimated, and cells of
            later rounds.
        notes: lines about controller, queue and pool.
        command: the command with which the user started the workflow.
    """
    groups: dict[tuple[str, str, str], Counter] = {}
    for cell, state in status.states.items():
        groups.setdefault(cell.group, Counter())[state] += 1
    total = Counter(status.states.values())
    num_done = total["done"] + total["diverged"]
    lines = [f"Study {study.name}: {num_done} of {len(status.states)} cells trained"]
    if num_unknown:
        when = "in later rounds" if study.sequential else "once the grid is trained"
        lines[0] += f", up to {num_unknown} more {when}"
    width = max(len("/".join(group)) for group in groups)
    lines += ["", " ".join([" " * width, *(f"{name:>9}" for name in ("cells", *STATES))])]
    rows = [("/".join(group), counts) for group, counts in groups.items()]
    rows += [("all", total)] if len(groups) > 1 else []
    for name, counts in rows:
        numbers = (sum(counts.values()), *(counts[state] for state in STATES))
        lines.append(" ".join([f"{name:{width}}", *(f"{number or '·':>9}" for number in numbers)]))
    lines += ["", *notes]
    for node, reason in bad_nodes(study.results).items():
        note = f"{study.results}/cluster/bad_nodes/{node}.json"
        lines.append(f"Excluded for a day: node {node}, {reason} (to include it again: rm {note})")
    if status.failures:
        lines += ["", f"Failed: {len(status.failures)}"]
        for reason, number in Counter(failure.reason.partition(":")[0] for failure in status.failures).most_common():
            lines.append(f"  {number:5} {reason}")
        for failure in status.failures[:MAX_NAMED]:
            lines += [f"  {cell_name(failure.cell)}", f"      {failure.reason}", f"      log: {failure.last_line}"]
        if len(status.failures) > MAX_NAMED:
            lines.append(f"  … and {len(status.failures) - MAX_NAMED} more")
        if any(failure.is_kept for failure in status.failures):
            lines += ["", "Kept failures have a record and are left out; their round continued without them."]
            command = f"{command.removesuffix('--')}--force --"
        lines += ["", f"Run them again: {command} $(cat {study.results}/cluster/failed.txt)"]
    return "\n".join(lines)


def start_command(profile: str, config_files: Iterable[Path], config: Mapping[str, Any]) -> str:
    """The command that starts Snakemake with this profile and configuration, without targets."""
    words = ["snakemake", "--profile", profile]
    words += ["--configfile", *map(str, config_files)] if config_files else []
    words += ["--config", *(f"{key}={value}" for key, value in config.items())] if config else []
    return " ".join([*words, "--"])


def targets(study: Study, status: Status) -> str:
    """Record paths of the failed cells, one per line; used as targets they rerun exactly these cells."""
    return "".join(f"{record_path(study.results, failure.cell)}\n" for failure in status.failures)


def _recorded(path: str) -> str | None:
    """``done``, ``diverged`` or ``failed`` for an existing record. Only its first bytes are read, for speed."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(80)
    except OSError:
        return None
    found = re.search(rb'"status": "(ok|diverged|failed)"', head)
    return {"ok": "done"}.get(state := found[1].decode(), state) if found else None


def _latest(folder: Path) -> Path | None:
    """The log of a cell's latest SLURM job."""
    logs = [path for path in folder.glob("*.log") if path.stem.isdigit()]
    return max(logs, key=lambda path: int(path.stem), default=None)


def _failure(cell: Cell, log: Path, slurm_log: Path | None, job: QueuedJob | None) -> Failure:
    cell_text, slurm_text = _tail(log), _tail(slurm_log)
    last_line = _last_line(cell_text) or _last_line(slurm_text) or "(empty)"
    where = ""
    if slurm_log:
        nodes = re.findall(r"^ +Host: (\S+)|\*\*\* (?:JOB|STEP) \S+ ON (\S+) ", slurm_text, re.MULTILINE)
        node = "".join(nodes[-1]) if nodes else job.node if job else ""
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(slurm_log.stat().st_mtime))
        where = f": SLURM job {slurm_log.stem}" + (f" on {node}" if node else "") + f", {when}"
    same_job = job is not None and (slurm_log is None or job.job == slurm_log.stem)
    state = WORDS.get(job.state) if job is not None and same_job else None
    signs = (word for pattern, word in SIGNS if re.search(pattern, slurm_text + cell_text[-2000:]))
    reason = state or next(signs, None)
    if reason is None:
        reason = f"stopped{where}" if "checkpoint written" in last_line else f"exit{where}"
        if "failed: " in last_line:
            reason += ", " + last_line.partition("failed: ")[2]
        return Failure(cell, reason, last_line)
    return Failure(cell, reason + where, last_line)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def _tail(path: Path | None) -> str:
    if path is None or not path.exists():
        return ""
    with open(path, "rb") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - TAIL_BYTES))
        return stream.read().decode(errors="replace")
