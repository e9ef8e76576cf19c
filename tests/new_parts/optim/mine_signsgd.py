"""SignSGD without momentum, written as a newcomer would."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lrwd.errors import ConfigError

EXAMPLE = {"threshold": 1e-9}


@dataclass(frozen=True)
class Config:
    """threshold: smaller gradients make no step."""

    threshold: float

    def __post_init__(self) -> None:
        if self.threshold < 0:
            raise ConfigError(f"threshold: {self.threshold!r} is negative")


class SignSGD(torch.optim.Optimizer):
    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                count = self.state[p].setdefault("count", torch.zeros((), device=p.device))
                count += 1
                sign = torch.where(p.grad.abs() > group["threshold"], p.grad.sign(), 0.0)
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(sign / count, alpha=-group["lr"])


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    return SignSGD(list(groups), {"threshold": config.threshold})
