"""The recursion of learning rates for equal weights under a constant weight decay, solved step by step."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup
from lrwd.theory.formulas.equal_weight import equal_weight_recursion_shares

EXAMPLE = {"warmup_epochs": 0}
DECOUPLED = True  # the weights of steps are equal only under decoupled decay


@dataclass(frozen=True)
class Config(WarmupConfig):
    """No knobs but the warm-up."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that falls so that e^kappa_j * eta_j is the same for all steps j.

    eta_{j-1} = eta_j * e^(lambda * eta_j),  from eta_max on;  so  lambda * eta_j = W(lambda * eta_{j-1}),
    with Lambert's W.

    The source leaves open how lambda follows eta; here it is constant. The solution is exact for decay by
    exp(-lambda*eta), by which the source approximates 1 - lambda*eta. For 1 - lambda*eta itself, as in AdamW,
    ``equal_weight`` is exact.

    Args:
        config: the schedule's knobs; the source has no warm-up.
        training: the training; its lr and wd are eta_max and lambda.

    Returns:
        Numbers in (0, 1] of shape (num_steps,); all 1 with wd = 0.

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 14.
    """
    lr_wd = training.wd * training.lr
    return after_warmup(config.warmup_epochs, training, lambda since: equal_weight_recursion_shares(lr_wd, len(since)))
