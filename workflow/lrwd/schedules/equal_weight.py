"""The learning rate with which, under a constant weight decay, every step counts alike in the final weights."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import after_warmup, check_duration

EXAMPLE = {"warmup_epochs": 0}
DECOUPLED = True  # what counts alike is so under decoupled decay


@dataclass(frozen=True)
class Config:
    """warmup_epochs: length of a linear warm-up before it, in epochs (0: none, as in the source)."""

    warmup_epochs: float

    def __post_init__(self) -> None:
        check_duration("warmup_epochs", self.warmup_epochs)


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate that falls as 1/s.

    eta_s = eta_max / (lambda * eta_max * s + 1),  s = 0, 1, … since the warm-up

    The source has it as an approximation, for decay by exp(-lambda*eta). For decay by 1 - lambda*eta, which is what
    AdamW does, it is exact: the weight of step j in the end, eta_j * prod_{i>j} (1 - lambda*eta_i), is the same for
    all j. With wd = 0 the rate stays at its peak, which is then the solution.

    Args:
        config: the schedule's knobs.
        training: what it is for; its lr and wd are eta_max and lambda.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 16.
    """
    return after_warmup(config.warmup_epochs, training, lambda since: 1.0 / (training.wd * training.lr * since + 1.0))
