"""SignSGDM: the sign of the momentum, with decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Lion

from lrwd.optim._checks import check_rates

EXAMPLE = {"beta": 0.9}


@dataclass(frozen=True)
class Config:
    """beta: decay rate of the momentum."""

    beta: float

    def __post_init__(self) -> None:
        check_rates("beta", self.beta)


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """SignSGD with momentum (Signum).

    m = beta * m + (1 - beta) * g;  p -= lr * wd * p,  then  p -= lr * sign(m)

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's Lion with two equal betas, which is this algorithm.

    Source: Bernstein et al. (2018), arXiv 1802.04434, Algorithm 2 (Signum); Su, "Weight decay and learning rate from a
    moving average perspective" (2025), the list below Eq. 2.
    """
    return Lion(list(groups), betas=(config.beta, config.beta))
