"""Durations in epochs as steps, and the linear warm-up that most schedules begin with."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.theory.formulas.shapes import linear_warmup


@dataclass(frozen=True)
class WarmupConfig:
    """warmup_epochs: length of the linear warm-up, in epochs (may be a fraction; 0: none)."""

    warmup_epochs: float

    def __post_init__(self) -> None:
        check_duration("warmup_epochs", self.warmup_epochs)


def check_duration(name: str, epochs: float) -> None:
    """Check a number of epochs.

    Raises:
        ConfigError: it is negative.
    """
    if epochs < 0:
        raise ConfigError(f"{name}: {epochs!r} is negative")


def to_steps(epochs: float, training: Training) -> int:
    """Epochs (may be a fraction) as the nearest whole number of optimizer steps."""
    return round(epochs * training.steps_per_epoch)


def after_warmup(warmup_epochs: float, training: Training, shape: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Shares of the peak learning rate: a linear warm-up, then another shape.

    lr_t = lr * (t + 1) / W  for t < W,  lr * shape(t - W)  after

    Args:
        warmup_epochs: length of the warm-up, in epochs; W is the nearest number of steps.
        training: the training.
        shape: maps the steps since the warm-up, 0 … num_steps - W - 1, to their shares.

    Returns:
        Float64 of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Goyal et al. (2017), arXiv 1706.02677, Sec. 2.2, by step. The paper's script raises the rate once an epoch.
    """
    num_warmup = to_steps(warmup_epochs, training)
    if num_warmup >= training.num_steps:
        raise ConfigError(
            f"warmup_epochs: {warmup_epochs} ({num_warmup} steps) must be shorter than "
            f"the training ({training.num_steps} steps)"
        )
    return np.concatenate([linear_warmup(num_warmup), shape(np.arange(training.num_steps - num_warmup))])
