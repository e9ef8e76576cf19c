"""Notes that records are missing, so that Snakemake does not take existing tables as up to date."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from lrwd.atomic import write_text_atomic


def note_missing(records: Iterable[str], stamp: Path, runs: Path) -> None:
    """Write the stamp anew if records are missing that the table of runs was made of, or if there is no stamp yet.

    Snakemake considers an existing table up to date even if its inputs are missing: records that were deleted or set
    aside, or all of them, as the repository comes with tables of trainings done elsewhere. The rules that follow the
    records have the stamp as an input; if it is newer than their outputs, they run, and so the cells are trained.

    Args:
        records: paths of the study's records.
        stamp: the file to write.
        runs: the study's table of runs.
    """
    if stamp.exists():
        # A stamp that is newer than the table already makes the rules run.
        if not runs.exists() or runs.stat().st_mtime_ns < stamp.stat().st_mtime_ns:
            return
        if all(os.path.exists(path) for path in records):  # noqa: PTH110 (10,000 of them)
            return
    # With the time, as Snakemake takes a file of the same content as unchanged.
    write_text_atomic(stamp, f"records were missing at {time.time_ns()}\n")
