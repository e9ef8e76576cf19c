"""Linear warm-up, then exponential decay, by step."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup

EXAMPLE = {"warmup_epochs": 0.5, "gamma": 0.5}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """gamma: factor by which the learning rate shrinks in an epoch."""

    gamma: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.gamma < 1:
            raise ConfigError(f"gamma: {self.gamma!r} is not allowed; it is in (0, 1)")


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that shrinks by the same factor in every step, and so in every epoch.

    lr_t = lr * gamma^(s / steps_per_epoch),  s since the warm-up

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: torch.optim.lr_scheduler.ExponentialLR, equal at whole epochs; the paper (Sec. 6) gives no formula.
    """
    return after_warmup(
        config.warmup_epochs, training, lambda since: config.gamma ** (since / training.steps_per_epoch)
    )
