"""Linear warm-up, then linear decay to zero, by step."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup
from lrwd.theory.formulas.shapes import linear

EXAMPLE = {"warmup_epochs": 0.5}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate, with linear warm-up and linear decay.

    lr_t = lr * (1 - s / S),  s = 0 … S - 1 since the warm-up

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Defazio et al. (2023), arXiv 2310.07831, 1 - t/T; the paper's "linear warmup-decay" (Sec. 4.4), which
    does not state the length of its warm-up.
    """
    return after_warmup(config.warmup_epochs, training, lambda since: linear(since, len(since)))
