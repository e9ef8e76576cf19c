"""LAMB, with decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Lamb

from lrwd.optim._configs import AdamConfig

EXAMPLE = {"betas": [0.9, 0.999], "eps": 1e-6}


@dataclass(frozen=True)
class Config(AdamConfig):
    """Knobs of Adam."""


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """LAMB: Adam's step, scaled in each layer to the norm of its weights.

    p -= lr * wd * p,  then  p -= lr * (|p| / |u|) * u  with  u = m_hat / (sqrt(v_hat) + eps)

    In the source the decay is inside the ratio, u + wd * p, so that the length of a step is lr * |p| for any wd. Here
    it is outside, as for every other optimizer. For a layer of norm 0 the ratio is replaced by 1.

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's optimizer, without its clipping of the gradient (the source has none), and with every layer scaled: by
        default timm scales no layer if wd = 0, so that wd = 0 would be another optimizer.

    Source: You et al. (2020), arXiv 1904.00962, Algorithm 2 with phi(z) = z.
    """
    return Lamb(
        list(groups),
        betas=config.betas,
        eps=config.eps,
        max_grad_norm=None,
        always_adapt=True,
        decoupled_decay=True,
    )
