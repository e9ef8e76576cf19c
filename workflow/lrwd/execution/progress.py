"""Shows the progress of a study while Snakemake runs: number of trained cells, elapsed time, time left."""

import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

from lrwd.study.paths import record_path
from lrwd.study.study import Study, read_ratios

POLL_SEC = 1.0
# Interval between two lines. A redrawn progress bar would be broken up by Snakemake's own lines.
LINE_SEC = 10.0


def report_progress(study: Study, ratios_path: str) -> None:
    """Start a thread that prints the study's progress until the process exits.

    Args:
        study: the study whose records are counted.
        ratios_path: the file of estimated ratios. It exists once the grid is trained; until then the on-ratio cells
            are counted but their records are not known.
    """
    threading.Thread(target=_follow, args=(study, Path(ratios_path)), daemon=True).start()


def _follow(study: Study, ratios_path: Path) -> None:
    known, total, is_open = _cells(study, ratios_path)
    done = {path for path in known if Path(path).exists()}
    num_before, started, written = len(done), time.monotonic(), time.monotonic()
    while len(done) < total or is_open:
        time.sleep(POLL_SEC)
        known, total, is_open = _cells(study, ratios_path)
        done |= {path for path in known - done if Path(path).exists()}
        now = time.monotonic()
        # Print nothing until a cell of this study is done: the target may train cells of other studies only.
        if len(done) > num_before and (now - written >= LINE_SEC or (len(done) >= total and not is_open)):
            written = now
            line = progress_line(len(done), total, len(done) - num_before, now - started)
            print(f"{line}; further rounds follow" if is_open else line, file=sys.stderr)


def progress_line(num_done: int, total: int, num_now: int, elapsed_sec: float) -> str:
    """Format the progress line.

    Args:
        num_done: cells with a record.
        total: cells of the study.
        num_now: cells trained since this start.
        elapsed_sec: seconds since this start.
    """
    line = f"--- {num_done} of {total} cells trained ({num_done / total:.0%}), {_clock(elapsed_sec)} so far"
    if num_now and num_done < total:
        line += f", about {_clock((total - num_done) * elapsed_sec / num_now)} left"
    return line


def _clock(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))


def _cells(study: Study, ratios_path: Path) -> tuple[set[str], int, bool]:
    """Paths of the known records, the final number of records, and whether further, uncounted rounds follow."""
    ratios = read_ratios(ratios_path.read_text()) if ratios_path.exists() else {}
    study = study.known()
    cells = study.with_bases(study.cells(ratios))
    waiting = study.num_waiting() if study.estimates_ratio and not ratios else 0
    return {record_path(study.results, cell) for cell in cells}, len(cells) + waiting, study.is_open
