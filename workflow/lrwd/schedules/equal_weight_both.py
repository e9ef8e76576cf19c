"""Learning rate and weight decay in a fixed ratio that give every step the same weight in the final network."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup
from lrwd.theory.formulas.equal_weight import equal_weight_both

EXAMPLE = {"warmup_epochs": 0}
DECOUPLED = True  # the weights of steps are equal only under decoupled decay


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up, of both."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that falls as 1/sqrt(s).

    eta_s = eta_max / sqrt(2 * lambda_max * eta_max * s + 1),  s = 0, 1, … since the warm-up

    Args:
        config: the schedule's knobs; the source has no warm-up.
        training: the training; its lr and wd are eta_max and lambda_max.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 17.
    """
    lr_wd = training.wd * training.lr
    return after_warmup(config.warmup_epochs, training, lambda since: equal_weight_both(1.0, lr_wd, len(since))[0])


def wd_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak weight decay: those of the learning rate, as lambda_s / eta_s is constant.

    lambda_s = lambda_max / sqrt(2 * lambda_max * eta_max * s + 1)

    Args, Returns, Raises, Source: as ``lr_factors``.
    """
    return lr_factors(config, training)
