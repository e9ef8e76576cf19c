"""Adam with the decay coupled into the gradient, which AdamW was designed to replace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lrwd.optim._configs import AdamConfig

EXAMPLE = {"betas": [0.9, 0.999], "eps": 1e-8}
COUPLED = True


@dataclass(frozen=True)
class Config(AdamConfig):
    """Knobs of Adam."""


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """Adam on the loss with an L2 penalty of (wd / 2) * |p|^2.

    g += wd * p,  then  p -= lr * m_hat / (sqrt(v_hat) + eps)

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        torch's own optimizer in its fused form.

    Source: Kingma & Ba (2015), arXiv 1412.6980, Algorithm 1; Loshchilov & Hutter (2019), arXiv 1711.05101,
    Algorithm 2 with the L2 term.
    """
    return torch.optim.Adam(list(groups), betas=config.betas, eps=config.eps, fused=True)
