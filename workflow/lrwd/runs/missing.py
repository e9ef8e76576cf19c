"""Notes that records are missing, so that tables which are there already do not stand for them."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from lrwd.atomic import write_text_atomic


def note_missing(records: Iterable[str], stamp: Path, runs: Path) -> None:
    """Write the stamp anew if records are missing that the table of runs was made of, or if there is no stamp yet.

    Snakemake takes a table that exists for done, even where what it is made of is missing: a record that was deleted
    or set aside, or all of them, as the repository comes with tables of trainings done elsewhere. The rules that
    follow the records have the stamp as an input; where it is newer than they, they run, and so the cells are trained.

    Args:
        records: paths of the study's records.
        stamp: the file to write.
        runs: the study's table of runs.
    """
    if stamp.exists():
        # A stamp that is the newer one has its effect already.
        if not runs.exists() or runs.stat().st_mtime_ns < stamp.stat().st_mtime_ns:
            return
        if all(os.path.exists(path) for path in records):  # noqa: PTH110 (10,000 of them)
            return
    # The time, since a file of the same content counts as unchanged.
    write_text_atomic(stamp, f"records were missing at {time.time_ns()}\n")
