"""What a schedule may depend on."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Training:
    """The properties of a cell's training that its schedule may depend on.

    lr, wd: the cell's peak learning rate and weight decay; num_steps: T, steps of the whole training; steps_per_epoch;
    base_trace: gradient norms of the base cell, float64 of shape (num_steps,), all finite and above 0, or None for a
    schedule without a base.
    """

    lr: float
    wd: float
    num_steps: int
    steps_per_epoch: int
    base_trace: np.ndarray | None
