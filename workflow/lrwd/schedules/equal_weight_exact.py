"""The recursion that equal weights follow under a constant weight decay, solved step by step."""

from dataclasses import dataclass

import numpy as np
from scipy.special import lambertw

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
    """Shares of the peak learning rate that falls so that e^kappa_j * eta_j is the same for all steps j.

    eta_{j-1} = eta_j * e^(lambda * eta_j),  from eta_max on;  so  lambda * eta_j = W(lambda * eta_{j-1}),
    with Lambert's W.

    The source leaves open how lambda follows eta; here it is constant. Exact it is for decay by exp(-lambda*eta), for
    which the source takes 1 - lambda*eta; with that itself, Eq. 16 (equal_weight) is.

    Args:
        config: the schedule's knobs.
        training: what it is for; its lr and wd are eta_max and lambda.

    Returns:
        Numbers in (0, 1] of shape (num_steps,); 1 throughout with wd = 0.

    Raises:
        ConfigError: the warm-up is not shorter than the training.

    Source: Su, "Weight decay and learning rate from a moving average perspective" (2025), Eq. 14.
    """
    return after_warmup(config.warmup_epochs, training, lambda since: _solve(training.wd * training.lr, len(since)))


def _solve(first: float, num_steps: int) -> np.ndarray:
    """lambda * eta of every step as shares of the first one."""
    if first == 0:
        return np.ones(num_steps)
    products = [first]
    for _ in range(num_steps - 1):
        products.append(lambertw(products[-1]).real)
    return np.array(products) / first
