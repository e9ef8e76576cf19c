"""The learning rate for the last iterate that warms up and decays, from the run's own gradient norms so far."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import warmup_decay_now

EXAMPLE: dict[str, float] = {}


@dataclass(frozen=True)
class Config:
    """No knobs: the norms are used as they come, one sample a step."""


def causal_factor(config: Config, training: Training, norms: np.ndarray) -> float:
    """Share of the peak learning rate: inversely as the squared gradient norm, times a linear decay to zero.

    eta_t = R G_t^-2 / sqrt(Q_t) * (1 - t / T),  Q_t = sum_{k<=t} G_k^-2

    Args:
        config: none.
        training: the training; T = num_steps.
        norms: G_1 … G_t of this run, of shape (t,).

    Returns:
        A number >= 0, 1 - 1/T in the first step (R = G_1), 0 in the last; above 1 where gradients shrink quickly.

    Source: Su, "Alchemy, part 5" (2026), its last equation, for which it has no proof.
    """
    return warmup_decay_now(norms, training.num_steps)
