"""Linear warm-up, then cosines to zero with warm restarts (SGDR)."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.schedules._warmup import WarmupConfig, after_warmup, to_steps
from lrwd.theory.formulas.shapes import cosine

EXAMPLE = {"warmup_epochs": 0.5, "first_cycle_epochs": 0.5, "cycle_mult": 2}


@dataclass(frozen=True)
class Config(WarmupConfig):
    """first_cycle_epochs: length of the first cosine (T_0), in epochs; cycle_mult: factor by which each is longer
    than the one before (T_mult). As published, there is no warm-up."""

    first_cycle_epochs: float
    cycle_mult: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first_cycle_epochs <= 0:
            raise ConfigError(f"first_cycle_epochs: {self.first_cycle_epochs!r} is not allowed; it is > 0")
        if self.cycle_mult < 1:
            raise ConfigError(f"cycle_mult: {self.cycle_mult!r} is not allowed; it is >= 1")


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of a learning rate that is annealed by cosines, each from the peak to zero.

    lr_t = lr * (1 + cos(pi * T_cur / T_i)) / 2,  T_cur the steps since the i-th restart,  T_i = T_0 * T_mult^i

    Args:
        config: the schedule's knobs.
        training: the training; the last cycle is cut off where it ends.

    Returns:
        Numbers in (0, 1] of shape (num_steps,).

    Raises:
        ConfigError: the training ends before the first restart, or the warm-up is not shorter than it.

    Source: Loshchilov & Hutter (2017), arXiv 1608.03983, Eq. 5 with eta_min = 0; the warm-up is not theirs.
    """
    first = to_steps(config.first_cycle_epochs, training)

    def shape(since: np.ndarray) -> np.ndarray:
        if not 0 < first < len(since):
            raise ConfigError(
                f"first_cycle_epochs: {config.first_cycle_epochs!r} ({first} steps) is not allowed; it is at least one "
                f"step, and shorter than the training after the warm-up ({len(since)} steps)"
            )
        starts, lengths = [0], [first]
        while starts[-1] + lengths[-1] < len(since):
            starts.append(starts[-1] + lengths[-1])
            lengths.append(round(first * config.cycle_mult ** len(lengths)))
        cycle = np.searchsorted(starts, since, side="right") - 1
        return cosine(since - np.array(starts)[cycle], np.array(lengths)[cycle])

    return after_warmup(config.warmup_epochs, training, shape)
