"""Checkpoints: written atomically, and used only if undamaged and of the same cell, code and data."""

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lrwd.atomic import write_bytes_atomic
from lrwd.errors import RecordError

MAGIC = b"lrwd checkpoint 1\n"
DIGEST_BYTES = 32
# Largest share of a training's time that is spent on writing checkpoints.
WRITING_SHARE = 0.01


class Spacing:
    """Decides when the next checkpoint is due.

    Checkpoints of a large network take seconds: the GPU waits, and hundreds of megabytes are written.

    Args:
        min_sec: minimum seconds between two checkpoints. 0: one is due after every step, whatever it costs.
    """

    def __init__(self, min_sec: float) -> None:
        self._min_sec = self._spacing = min_sec
        self._written = time.monotonic()

    def is_due(self) -> bool:
        """Whether a checkpoint should be written now."""
        return time.monotonic() - self._written > self._spacing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Measure how long the block takes, which writes a checkpoint."""
        started = time.monotonic()
        yield
        self._written = time.monotonic()
        if self._min_sec > 0:
            self._spacing = max(self._min_sec, (self._written - started) / WRITING_SHARE)


def save_checkpoint(path: Path, identity: str, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically, after its checksum.

    Args:
        path: file to write.
        identity: hash of the spec, code and data that the state belongs to.
        state: plain values and tensors.
    """
    buffer = io.BytesIO()
    torch.save({"identity": identity, **state}, buffer)
    content = buffer.getvalue()
    write_bytes_atomic(path, MAGIC + hashlib.sha256(content).digest() + content)


def load_checkpoint(path: Path, identity: str, log: Callable[[str], None]) -> dict[str, Any] | None:
    """Read a checkpoint if there is one that the training can continue from.

    Args:
        path: the file.
        identity: hash that the checkpoint must have.
        log: writes a line to the cell's log.

    Returns:
        The state. None if there is no file, or if it is damaged or of another identity; such a file is renamed to
        ``*.rejected``, and the log says so.
    """
    if not path.exists():
        return None
    try:
        return _read(path, identity)
    except RecordError as error:
        rejected = path.with_name(path.name + ".rejected")
        path.replace(rejected)
        log(f"checkpoint left behind as {rejected.name}: {error}; starting from the beginning")
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
