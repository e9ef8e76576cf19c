"""Linear warm-up, then the peak to the end."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup

EXAMPLE = {"warmup_epochs": 0.5}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that stays at its peak.

    lr_t = lr  after the warm-up

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 4, where lr and wd are
    constant; the warm-up as in _warmup.py.
    """
    return after_warmup(config.warmup_epochs, training, lambda since: np.ones(len(since)))
