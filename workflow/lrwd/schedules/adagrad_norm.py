"""AdaGrad with one learning rate for all parameters, from the run's own gradient norms so far."""

from dataclasses import dataclass

import numpy as np

from lrwd.schedules._training import Training
from lrwd.theory.formulas.norm_shares import adagrad_norm_now

EXAMPLE: dict[str, float] = {}


@dataclass(frozen=True)
class Config:
    """No knobs: the norms are used as they come, one sample a step."""


def causal_factor(config: Config, training: Training, norms: np.ndarray) -> float:
    """Share of the peak learning rate, inversely as the root of the summed squares of the gradient norms.

    eta_t = R / sqrt(sum_{k<=t} ||g_k||^2)

    Where the source repeats this formula with expectations it prints sum G_k under the root; its own derivation (and
    the unit) gives sum G_k^2, as here.

    Args:
        config: none.
        training: not used.
        norms: ||g_1|| … ||g_t|| of this run, of shape (t,).

    Returns:
        A number in (0, 1], 1 in the first step (R = ||g_1||).

    Source: Su, "Alchemy, part 5" (2026); Streeter & McMahan (2010), arXiv 1002.4862.
    """
    return adagrad_norm_now(norms)
