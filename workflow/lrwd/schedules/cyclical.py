"""Triangular cycles between a floor and the peak."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.schedules._warmup import to_steps

EXAMPLE = {"cycle_epochs": 1, "floor": 0.1}


@dataclass(frozen=True)
class Config:
    """cycle_epochs: length of a cycle, up and down, in epochs (twice Smith's stepsize); floor: the lowest rate as a
    share of the peak (base_lr / max_lr)."""

    cycle_epochs: float
    floor: float

    def __post_init__(self) -> None:
        if self.cycle_epochs <= 0:
            raise ConfigError(f"cycle_epochs: {self.cycle_epochs!r} is not allowed; it is > 0")
        if not 0 <= self.floor < 1:
            raise ConfigError(f"floor: {self.floor!r} is not allowed; it is in [0, 1)")


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that goes linearly from the floor to the peak and back.

    lr_t = base_lr + (max_lr - base_lr) * (1 - |t / stepsize - 2 * cycle + 1|),  cycle = floor(1 + t / (2 * stepsize))

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in [floor, 1] of shape (num_steps,).

    Raises:
        ConfigError: a cycle is longer than the training, or shorter than two steps.

    Source: Smith (2017), arXiv 1506.01186, Sec. 3.1 (triangular).
    """
    # The rise takes a whole number of steps, so that the peak is reached.
    stepsize = to_steps(config.cycle_epochs / 2, training)
    if not 2 <= 2 * stepsize <= training.num_steps:
        raise ConfigError(
            f"cycle_epochs: {config.cycle_epochs!r} ({2 * stepsize} steps) is not allowed; a cycle has at least two "
            f"steps and is not longer than the training ({training.num_steps} steps)"
        )
    step = np.arange(training.num_steps)
    height = 1.0 - np.abs(step % (2 * stepsize) / stepsize - 1.0)
    return config.floor + (1.0 - config.floor) * height
