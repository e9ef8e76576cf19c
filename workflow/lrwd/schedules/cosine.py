"""Linear warm-up, then cosine to zero, by step."""

import math
from dataclasses import dataclass

from lrwd.errors import ConfigError

EXAMPLE = {"warmup_epochs": 0.5}


@dataclass(frozen=True)
class Config:
    """warmup_epochs: length of the linear warm-up, in epochs (may be a fraction)."""

    warmup_epochs: float

    def __post_init__(self) -> None:
        if self.warmup_epochs < 0:
            raise ConfigError(f"warmup_epochs: {self.warmup_epochs!r} is negative")


def factor(config: Config, step: int, steps_per_epoch: int, num_steps: int) -> float:
    """Share of the peak learning rate at a step, with linear warm-up and cosine annealing.

    lr_t = lr * (t + 1) / W  for t < W, and  lr * (1 + cos(pi * (t - W) / (T - W))) / 2  after.

    Args:
        config: the schedule's knobs.
        step: t, 0-based.
        steps_per_epoch: optimizer steps in an epoch.
        num_steps: T, steps of the whole training.

    Returns:
        A number in (0, 1].

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Loshchilov & Hutter (2017), arXiv 1608.03983, Eq. 5 without restarts; warm-up by step as
    Goyal et al. (2017), arXiv 1706.02677, Sec. 2.2. The paper's script warms up by epoch.
    """
    warmup = round(config.warmup_epochs * steps_per_epoch)
    if warmup >= num_steps:
        raise ConfigError(
            f"warmup_epochs: {config.warmup_epochs} ({warmup} steps) must be shorter than "
            f"the training ({num_steps} steps)"
        )
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1.0 + math.cos(math.pi * (step - warmup) / (num_steps - warmup)))
