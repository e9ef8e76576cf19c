"""The learning rate that is best for the weighted average of the weights, from a base cell's gradient norms."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._trace import TraceConfig, smoothed, to_peak
from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import inverse_square

EXAMPLE = {"base": "first", "filter_width": 0.1}


@dataclass(frozen=True)
class Config(TraceConfig):
    """No knobs but those of the trace."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate, inversely as the squared gradient norm.

    eta_t = R G_t^-2 / sqrt(Q_T),  Q_t = sum_{k<=t} G_k^-2

    Args:
        config: the schedule's knobs.
        training: the training; its base_trace is G.

    Returns:
        Numbers in (0, 1] of shape (num_steps,); R makes the largest 1.

    Source: Su, "Alchemy, part 5" (2026), the minimiser of the bound on the weighted average; a convex loss and SGD.
    """
    return to_peak(inverse_square(smoothed(config, training)))
