"""Linear warm-up, then steps down at milestones."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup, to_steps

EXAMPLE = {"warmup_epochs": 0.5, "milestones": [1, 2.5], "gamma": 0.1}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """milestones: ascending, in epochs since the start of the training; at each, the learning rate is multiplied by
    gamma."""

    milestones: tuple[float, ...]
    gamma: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.gamma < 1:
            raise ConfigError(f"gamma: {self.gamma!r} is not allowed; it is in (0, 1)")
        if not self.milestones or any(b <= a for a, b in zip(self.milestones, self.milestones[1:], strict=False)):
            raise ConfigError(f"milestones: {list(self.milestones)!r} is not allowed; give epochs in ascending order")
        if self.milestones[0] <= 0 or self.milestones[0] < self.warmup_epochs:
            raise ConfigError(
                f"milestones: {self.milestones[0]!r} is not allowed; the first comes after the start of the training "
                f"and not before the end of the warm-up (warmup_epochs: {self.warmup_epochs!r})"
            )


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that is cut at milestones.

    lr_t = lr * gamma^(number of milestones passed at t)

    Args:
        config: the schedule's knobs.
        training: the training.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: a milestone lies outside the training, or the warm-up is not shorter than it.

    Source: He et al. (2016), arXiv 1512.03385, Sec. 3.4; the paper's step decay (Sec. 4.4): 0.1 at 30, 60, 80 of 90.
    """
    at = [to_steps(milestone, training) for milestone in config.milestones]
    if at[-1] >= training.num_steps:
        raise ConfigError(
            f"milestones: {config.milestones[-1]!r} (step {at[-1]}) is not allowed; "
            f"the training ends after {training.num_steps} steps"
        )

    def shape(since: np.ndarray) -> np.ndarray:
        step = since + training.num_steps - len(since)
        return config.gamma ** np.searchsorted(at, step, side="right").astype(float)

    return after_warmup(config.warmup_epochs, training, shape)
