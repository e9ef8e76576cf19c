"""Linear warm-up, then cosine to zero, by step."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup
from lrwd.theory.formulas.shapes import cosine

EXAMPLE = {"warmup_epochs": 0.5}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate, with linear warm-up and cosine annealing.

    lr_t = lr * (1 + cos(pi * s / S)) / 2,  s = 0 … S - 1 since the warm-up

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Loshchilov & Hutter (2017), arXiv 1608.03983, Eq. 5 without restarts; the warm-up as in _warmup.py.
    """
    return after_warmup(config.warmup_epochs, training, lambda since: cosine(since, len(since)))
