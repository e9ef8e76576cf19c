"""AdamW, in PyTorch's form of the decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lrwd.optim._configs import AdamConfig

EXAMPLE = {"betas": [0.9, 0.999], "eps": 1e-8}


@dataclass(frozen=True)
class Config(AdamConfig):
    """Knobs of Adam."""


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """AdamW with decoupled weight decay.

    p -= lr * wd * p,  then  p -= lr * m_hat / (sqrt(v_hat) + eps)

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        torch's own optimizer in its fused form, which is the fastest on a CPU and on a GPU.

    Source: Loshchilov & Hutter (2019), arXiv 1711.05101, Algorithm 2, with lr multiplying the decay as in PyTorch.
    """
    return torch.optim.AdamW(list(groups), betas=config.betas, eps=config.eps, fused=True)
