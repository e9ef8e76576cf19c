"""Check of the free disk space, made before writing rather than failing half-way."""

import shutil
from pathlib import Path

from lrwd.errors import DataError


def need_space(folder: Path, num_bytes: int, purpose: str) -> None:
    """Check that a folder's file system has enough free space.

    Args:
        folder: an existing folder, or one whose parents exist.
        num_bytes: needed space.
        purpose: what it is needed for, for the message.

    Raises:
        DataError: there is less space; the message states both numbers.
    """
    existing = folder
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    if free < num_bytes:
        raise DataError(f"{folder}: {purpose} needs {num_bytes:,} bytes, but only {free:,} bytes are free")
