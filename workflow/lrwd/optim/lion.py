"""Lion, with decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Lion

from lrwd.optim._checks import check_rates

EXAMPLE = {"betas": [0.9, 0.99]}


@dataclass(frozen=True)
class Config:
    """betas: weights of the old momentum in the step (beta_1) and in the new momentum (beta_2)."""

    betas: tuple[float, float]

    def __post_init__(self) -> None:
        check_rates("betas", *self.betas)


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """Lion: the sign of an interpolation between momentum and gradient.

    u = sign(beta_1 * m + (1 - beta_1) * g);  p -= lr * wd * p,  then  p -= lr * u;  m = beta_2 * m + (1 - beta_2) * g

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's optimizer.

    Source: Chen et al. (2023), arXiv 2302.06675, Algorithm 2.
    """
    return Lion(list(groups), betas=config.betas)
