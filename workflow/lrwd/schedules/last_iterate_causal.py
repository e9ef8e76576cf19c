"""The learning rate for the last iterate, from the run's own gradient norms so far."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import last_iterate_now

EXAMPLE: dict[str, float] = {}


@dataclass(frozen=True)
class Config:
    """No knobs: the norms are used as they come, one sample a step."""


def causal_factor(config: Config, training: Training, norms: np.ndarray) -> float:
    """Share of the peak learning rate, inversely as the root of squared gradient norms weighted by their age.

    eta_t = R / sqrt(T V_t),  V_t = sum_{k<=t} G_k^2 / max(1, t - k)

    Args:
        config: none.
        training: not used: T is the same for all steps, so it is part of the scale.
        norms: G_1 … G_t of this run, of shape (t,).

    Returns:
        A number > 0, 1 in the first step (R = G_1 sqrt(T)); above 1 where gradients shrink quickly.

    Source: Su, "Alchemy, part 5" (2026), below the first bound on the last iterate.
    """
    return last_iterate_now(norms)
