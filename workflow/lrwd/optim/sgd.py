"""SGD with momentum and decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import SGDW

from lrwd.optim._configs import MomentumConfig

EXAMPLE = {"momentum": 0.9}


@dataclass(frozen=True)
class Config(MomentumConfig):
    """The momentum's knob."""


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """SGDW: heavy-ball momentum with decoupled decay.

    m = momentum * m + g;  p -= lr * wd * p,  then  p -= lr * m

    The gradient is not multiplied by 1 - momentum, as an average would: lr means the same as in torch.optim.SGD.

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's optimizer; torch's own only has coupled decay.

    Source: Loshchilov & Hutter (2019), arXiv 1711.05101, Algorithm 1, with lr multiplying the decay as in PyTorch.
    """
    return SGDW(list(groups), momentum=config.momentum)
