"""Shared by the schedules that are computed from a base cell's gradient norms."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import median_filter

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training


@dataclass(frozen=True)
class TraceConfig:
    """base: the recipe whose cell's gradient norms are used; filter_width: width of the median filter over them, as a
    share of the training (0: none)."""

    base: str
    filter_width: float

    def __post_init__(self) -> None:
        if not 0 <= self.filter_width < 1:
            raise ConfigError(f"filter_width: {self.filter_width!r} is not allowed; it is in [0, 1), 0 for no filter")


def smoothed(config: TraceConfig, training: Training) -> np.ndarray:
    """The base cell's gradient norms G_t after a median filter.

    In the sources G_t^2 is an expectation over batches. One run gives a single sample for each step; without a filter
    the learning rate would follow its noise.

    Args:
        config: the schedule's knobs.
        training: the training, with the base cell's norms.

    Returns:
        G_t, float64 of shape (num_steps,).

    Source: Defazio et al. (2023), arXiv 2310.07831, with a width of 0.1. As in their code, the norms are continued
    before the first step by its norm, and after the last step by their mirror image.
    """
    assert training.base_trace is not None
    half = int(config.filter_width * training.num_steps / 2)
    if half == 0:
        return training.base_trace
    before = np.pad(training.base_trace, (half, 0), mode="edge")
    return median_filter(np.pad(before, (0, half), mode="reflect"), size=2 * half + 1)[half:-half]


def to_peak(rates: np.ndarray) -> np.ndarray:
    """Learning rates as shares of the largest one, which becomes the cell's peak learning rate.

    Raises:
        ConfigError: all are 0.
    """
    if rates.max() == 0:
        raise ConfigError(f"it is 0 in all of {len(rates)} steps; the training must have more")
    return rates / rates.max()
