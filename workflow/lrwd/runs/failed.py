"""Records of trainings that failed, kept in sequential studies only, so that a failure does not stop its round.

A failed training of any other study leaves no record, and its job fails.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lrwd.atomic import write_json_atomic
from lrwd.code_hash import training_code
from lrwd.runs.record import RECORD_VERSION

FAILED = "failed"
_MARK = b'"status": "failed"'
_HEAD_BYTES = 80


def write_failed(path: Path | str, spec: dict[str, Any], reason: str) -> None:
    """Write the record of a training that failed."""
    record = {
        "version": RECORD_VERSION,
        "status": FAILED,
        "reason": reason,
        "spec": spec,
        "code": training_code(spec),
    }
    write_json_atomic(path, record)


def is_failed(path: Path | str) -> bool:
    """Whether a record is that of a failed training, told by its first bytes; False where there is none."""
    try:
        with open(path, "rb") as stream:
            return _MARK in stream.read(_HEAD_BYTES)
    except OSError:
        return False


def reason_of(path: Path | str) -> str:
    """Why a failed training failed, in words."""
    return str(json.loads(Path(path).read_text())["reason"])


def set_aside_failed(records: Iterable[str]) -> list[str]:
    """Rename every record of a failed training to ``*.failed``, so that its cell counts as not trained.

    Args:
        records: paths of a study that keeps no failed records; those that do not exist are skipped.

    Returns:
        The paths of those renamed.
    """
    failed = [path for path in records if is_failed(path)]
    for path in failed:
        Path(path).replace(path + ".failed")
    return failed
