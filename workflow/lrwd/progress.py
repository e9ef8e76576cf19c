"""How far the trainings are, shown while Snakemake runs: cells done, rate, time left."""

import sys
import threading
import time
from pathlib import Path

from tqdm import tqdm

from lrwd.paths import record_path
from lrwd.study import Study, read_ratios

POLL_SEC = 1.0
# Where the output is a file rather than a terminal: how often a line is written.
LINE_SEC = 15.0


def report_progress(study: Study, ratios_path: str) -> None:
    """Start showing the study's progress from a thread that ends with the process.

    Args:
        study: its records are looked for.
        ratios_path: where the ratios are once the grid is trained; until then the cells on the line are only counted.
    """
    threading.Thread(target=_follow, args=(study, Path(ratios_path)), daemon=True).start()


def _follow(study: Study, ratios_path: Path) -> None:
    done: set[str] = set()
    known, total = _cells(study, ratios_path)
    done = {path for path in known if Path(path).exists()}
    if len(done) == total:
        return
    bar = tqdm(
        total=total,
        initial=len(done),
        file=sys.stderr,
        dynamic_ncols=True,
        mininterval=POLL_SEC if sys.stderr.isatty() else LINE_SEC,
        bar_format="cells trained: {n_fmt} of {total_fmt} ({percentage:.0f}%), {rate_fmt}, {elapsed} so far, {remaining} left",
        unit="cells",
    )
    while len(done) < total:
        time.sleep(POLL_SEC)
        known, total = _cells(study, ratios_path)
        done |= {path for path in known - done if Path(path).exists()}
        bar.total = total
        bar.update(len(done) - bar.n)
        if not sys.stderr.isatty() and bar.last_print_n == bar.n:
            sys.stderr.write("\n")
    bar.refresh()
    bar.close()


def _cells(study: Study, ratios_path: Path) -> tuple[set[str], int]:
    """Paths of the records known by now, and how many there will be."""
    ratios = read_ratios(ratios_path.read_text()) if ratios_path.exists() else {}
    cells = {*study.grid_cells, *study.on_ratio_cells(ratios)}
    waiting = study.num_waiting() if study.estimates_ratio and not ratios else 0
    return {record_path(study.results, cell) for cell in cells}, len(cells) + waiting
