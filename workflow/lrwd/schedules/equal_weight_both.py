"""Learning rate and weight decay in a fixed ratio, with which every step counts alike in the final weights."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import after_warmup, check_duration

EXAMPLE = {"warmup_epochs": 0}
DECOUPLED = True  # what counts alike is so under decoupled decay


@dataclass(frozen=True)
class Config:
    """warmup_epochs: length of a linear warm-up of both before it, in epochs (0: none, as in the source)."""

    warmup_epochs: float

    def __post_init__(self) -> None:
        check_duration("warmup_epochs", self.warmup_epochs)


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate that falls as 1/sqrt(s).

    eta_s = eta_max / sqrt(2 * lambda_max * eta_max * s + 1),  s = 0, 1, … since the warm-up

    Args:
        config: the schedule's knobs.
        training: what it is for; its lr and wd are eta_max and lambda_max.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 17.
    """
    return after_warmup(
        config.warmup_epochs, training, lambda since: 1.0 / np.sqrt(2.0 * training.wd * training.lr * since + 1.0)
    )


def wd_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak weight decay: those of the learning rate, as lambda_s / eta_s is constant.

    lambda_s = lambda_max / sqrt(2 * lambda_max * eta_max * s + 1)

    Args, Returns, Raises, Source: as ``lr_factors``.
    """
    return lr_factors(config, training)
