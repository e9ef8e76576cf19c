"""Warm-up, stable, decay: linear warm-up, the peak for most of the training, linear decay to zero at its end."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup, to_steps

EXAMPLE = {"warmup_epochs": 0.5, "decay_epochs": 1}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """decay_epochs: length of the decay at the end of the training, in epochs."""

    decay_epochs: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decay_epochs <= 0:
            raise ConfigError(f"decay_epochs: {self.decay_epochs!r} is not allowed; it is > 0")


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that rises, stays at its peak, then falls.

    lr_t = lr * min(1, (T - t) / D)  after the warm-up;  D is the number of steps of the decay

    Args:
        config: the schedule's knobs.
        training: the training; T = num_steps.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: warm-up and decay together are longer than the training.

    Source: Hu et al. (2024), arXiv 2404.06395, Sec. 4 (WSD); its decay here is linear, as in Hägele et al. (2024),
    arXiv 2405.18392.
    """
    num_decay, num_warmup = to_steps(config.decay_epochs, training), to_steps(config.warmup_epochs, training)
    if not 0 < num_decay <= training.num_steps - num_warmup:
        raise ConfigError(
            f"decay_epochs: {config.decay_epochs!r} ({num_decay} steps) is not allowed; it is at least one step and, "
            f"with a warm-up of {num_warmup} steps, fits into the training ({training.num_steps} steps)"
        )
    return after_warmup(config.warmup_epochs, training, lambda since: np.minimum(1.0, (len(since) - since) / num_decay))
