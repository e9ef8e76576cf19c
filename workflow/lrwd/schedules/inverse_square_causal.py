"""The learning rate for the weighted average of the weights, from the run's own gradient norms so far."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import inverse_square_now

EXAMPLE: dict[str, float] = {}


@dataclass(frozen=True)
class Config:
    """No knobs: the norms are used as they come, one sample a step."""


def causal_factor(config: Config, training: Training, norms: np.ndarray) -> float:
    """Share of the peak learning rate, inversely as the squared gradient norm.

    eta_t = R G_t^-2 / sqrt(Q_t),  Q_t = sum_{k<=t} G_k^-2

    Args:
        config: none.
        training: not used.
        norms: G_1 … G_t of this run, of shape (t,).

    Returns:
        A number > 0, 1 in the first step (R = G_1); above 1 where gradients shrink quickly.

    Source: Su, "Alchemy, part 5" (2026), the causal form for the weighted average.
    """
    return inverse_square_now(norms)
