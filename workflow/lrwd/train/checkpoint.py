"""Checkpoints: written atomically, believed only when whole and of this very cell and code."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from lrwd.atomic import write_bytes_atomic
from lrwd.errors import RecordError

MAGIC = b"lrwd checkpoint 1\n"
DIGEST_BYTES = 32


def save_checkpoint(path: Path, identity: str, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically, headed by its checksum.

    Args:
        path: file to write.
        identity: what the state belongs to (a hash of spec, code and data).
        state: plain values and tensors.
    """
    buffer = io.BytesIO()
    torch.save({"identity": identity, **state}, buffer)
    content = buffer.getvalue()
    write_bytes_atomic(path, MAGIC + hashlib.sha256(content).digest() + content)


def load_checkpoint(path: Path, identity: str, say: Callable[[str], None]) -> dict[str, Any] | None:
    """Read a checkpoint if there is one to go on from.

    Args:
        path: the file.
        identity: what the state must belong to.
        say: writes a line to the cell's log.

    Returns:
        The state, or None when there is no file or the file is torn or foreign: then it is left behind, renamed to
        ``*.rejected``, with a line in the log.
    """
    if not path.exists():
        return None
    try:
        return _read(path, identity)
    except RecordError as error:
        rejected = path.with_name(path.name + ".rejected")
        path.replace(rejected)
        say(f"checkpoint left behind as {rejected.name}: {error}; starting from the beginning")
        return None


def _read(path: Path, identity: str) -> dict[str, Any]:
    content = path.read_bytes()
    if not content.startswith(MAGIC):
        raise RecordError("it is not a checkpoint of this version")
    digest, content = content[len(MAGIC) :][:DIGEST_BYTES], content[len(MAGIC) + DIGEST_BYTES :]
    if hashlib.sha256(content).digest() != digest:
        raise RecordError("it is torn (its checksum differs)")
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    if state["identity"] != identity:
        raise RecordError("it belongs to another cell, code or data set")
    return state
