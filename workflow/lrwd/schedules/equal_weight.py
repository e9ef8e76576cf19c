"""The learning rate that gives every step the same weight in the final network, for a constant weight decay."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup
from lrwd.theory.formulas.equal_weight import equal_weight

EXAMPLE = {"warmup_epochs": 0}
DECOUPLED = True  # the weights of steps are equal only under decoupled decay


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that falls as 1/s.

    eta_s = eta_max / (lambda * eta_max * s + 1),  s = 0, 1, … since the warm-up

    The source derives it as an approximation, for decay by exp(-lambda*eta). For decay by 1 - lambda*eta, as in AdamW,
    it is exact: the weight of step j in the final network, eta_j * prod_{i>j} (1 - lambda*eta_i), is the same for all
    j. With wd = 0 the solution is a constant learning rate.

    Args:
        config: the schedule's knobs; the source has no warm-up.
        training: the training; its lr and wd are eta_max and lambda.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 16.
    """
    lr_wd = training.wd * training.lr
    return after_warmup(config.warmup_epochs, training, lambda since: equal_weight(1.0, lr_wd, len(since)))
