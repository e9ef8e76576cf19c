"""SGD with momentum as in torch.optim.SGD: the decay is part of the gradient and goes through the momentum."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lrwd.optim._configs import MomentumConfig

EXAMPLE = {"momentum": 0.9}
COUPLED = True


@dataclass(frozen=True)
class Config(MomentumConfig):
    """The momentum's knob."""


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """SGD with heavy-ball momentum on the loss with an L2 penalty of (wd / 2) * |p|^2.

    g += wd * p;  m = momentum * m + g;  p -= lr * m

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        torch's own optimizer.

    Source: Sutskever et al. (2013), "On the importance of initialization and momentum in deep learning", Eq. 1-2,
    with lr outside the momentum as in PyTorch.
    """
    return torch.optim.SGD(list(groups), momentum=config.momentum)
