"""The learning rate for the last iterate, from all of a base cell's gradient norms: it warms up and decays."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._trace import TraceConfig, smoothed, to_peak
from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import warmup_decay

EXAMPLE = {"base": "first", "filter_width": 0.1}


@dataclass(frozen=True)
class Config(TraceConfig):
    """No knobs but those of the trace."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate: inversely as the squared gradient norm, times a decay to zero.

    eta_t = R G_t^-2 / sqrt(Q_T) * (1 - Q_t / Q_T),  Q_t = sum_{k<=t} G_k^-2

    If all norms are equal, it is the linear decay 1 - t/T. The learning rate of the last step is 0.

    Args:
        config: the schedule's knobs.
        training: the training; its base_trace is G.

    Returns:
        Numbers in [0, 1] of shape (num_steps,); R makes the largest 1.

    Raises:
        ConfigError: the training has one step only.

    Source: Su, "Alchemy, part 5" (2026), the strongest bound on the last iterate; Defazio et al. (2023),
    arXiv 2310.07831, whose refined schedule it is.
    """
    return to_peak(warmup_decay(smoothed(config, training)))
