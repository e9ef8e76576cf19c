"""The learning rate for the last iterate, from a base cell's gradient norms up to each step."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._trace import TraceConfig, smoothed, to_peak
from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import last_iterate

EXAMPLE = {"base": "first", "filter_width": 0}


@dataclass(frozen=True)
class Config(TraceConfig):
    """No knobs but those of the trace."""


def lr_factors(config: Config, training: Training) -> np.ndarray:
    """Shares of the peak learning rate, inversely as the root of squared gradient norms weighted by their age.

    eta_t = R / sqrt(T V_t),  V_t = sum_{k<=t} G_k^2 / max(1, t - k)

    Args:
        config: the schedule's knobs.
        training: the training; T = num_steps, and its base_trace is G.

    Returns:
        Numbers in (0, 1] of shape (num_steps,); R makes the largest 1.

    Source: Su, "Alchemy, part 5" (2026), below the first bound on the last iterate; a convex loss and SGD.
    """
    return to_peak(last_iterate(smoothed(config, training)))
