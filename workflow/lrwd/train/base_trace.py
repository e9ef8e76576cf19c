"""The gradient norms of a base cell, from which some schedules are computed."""

from pathlib import Path

import numpy as np

from lrwd.errors import ConfigError
from lrwd.runs.record import read_record


class BaseDiverged(Exception):
    """The base cell left no gradient norms from which a schedule could be computed."""


def read_base_trace(path: Path, num_steps: int) -> np.ndarray:
    """Read the gradient norms from a base cell's record.

    Args:
        path: the record.
        num_steps: number of steps of the training that uses them.

    Returns:
        Norms, all finite and above 0, float64 of shape (num_steps,).

    Raises:
        BaseDiverged: the base cell diverged, or its gradient was 0 in some step; the message says in which.
        ConfigError: the record has no norms, or another number of steps.
        RecordError: the record is torn or of another version.
    """
    record = read_record(path)
    name = f"the base cell (recipe {record['spec']['recipe']['name']})"
    if "gradient_norms" not in record:
        raise ConfigError(f"{path}: {name} has no gradient norms; its recipe needs gradient_trace: true")
    if record["status"] == "diverged":
        raise BaseDiverged(f"{name} diverged, so there are no gradient norms to make the schedule from")
    norms = np.array(record["gradient_norms"], dtype=float)  # None, a norm that was not finite, becomes NaN
    if norms.shape != (num_steps,):
        raise ConfigError(f"{path}: {name} has {len(norms)} steps, this training {num_steps}; they must be equal")
    bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
    if len(bad):
        raise BaseDiverged(f"{name} had a gradient of norm {norms[bad[0]]} in step {bad[0]}")
    return norms
