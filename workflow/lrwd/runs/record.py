"""The record of a cell: one JSON file, whole or absent, and of a known version."""

import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lrwd.errors import RecordError

# Raised when a record's fields change their meaning; older records are then retrained.
RECORD_VERSION = 1
STATUSES = ("ok", "diverged")


def looks_whole(path: Path | str) -> bool:
    """Tell cheaply whether a record's file was written to its end (its last line closes the object)."""
    try:
        with open(path, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(-min(3, stream.tell()), os.SEEK_END)
            # Only the outermost brace is not indented.
            return stream.read() == b"\n}\n"
    except OSError:
        return False


def set_aside_torn(records: Iterable[str]) -> list[str]:
    """Rename every record that is not whole to ``*.torn``, so that its cell counts as not trained.

    Args:
        records: paths; those that do not exist are skipped.

    Returns:
        The paths of those renamed.
    """
    torn = [path for path in records if os.path.exists(path) and not looks_whole(path)]  # noqa: PTH110 (10,000 of them)
    for path in torn:
        Path(path).replace(path + ".torn")
    return torn


def read_record(path: Path | str) -> dict[str, Any]:
    """Read the record of a cell.

    Raises:
        RecordError: the file is truncated, is no record, or is one of another version.
    """
    try:
        record = json.loads(Path(path).read_text())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RecordError(f"{path}: not a whole record ({error})") from None
    if not isinstance(record, dict) or record.get("version") != RECORD_VERSION:
        raise RecordError(f"{path}: not a record of version {RECORD_VERSION}")
    if record.get("status") not in STATUSES:
        raise RecordError(f"{path}: status is {record.get('status')!r}; allowed: {', '.join(STATUSES)}")
    return record


def join_records(paths: Iterable[Path | str]) -> str:
    """All records as one text, a line of JSON each.

    Raises:
        RecordError: a record is torn or of another version.
    """
    return "".join(json.dumps(read_record(path), allow_nan=False) + "\n" for path in paths)


def read_joined_records(path: Path | str) -> list[dict[str, Any]]:
    """Read what ``join_records`` wrote."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def finite_or_none(value: float) -> float | None:
    """A number that JSON can hold: NaN and infinity (a diverged training's) become None."""
    return float(value) if math.isfinite(value) else None
