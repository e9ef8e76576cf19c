"""RMSProp with decoupled weight decay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from lrwd.optim._checks import check_positive, check_rates

EXAMPLE = {"beta": 0.99, "eps": 1e-8}


@dataclass(frozen=True)
class Config:
    """beta: decay rate of the second moment; eps: added to its root."""

    beta: float
    eps: float

    def __post_init__(self) -> None:
        check_rates("beta", self.beta)
        check_positive("eps", self.eps)


class DecoupledRMSprop(torch.optim.RMSprop):
    """torch's RMSprop, which only has coupled decay, with decoupled decay.

    ``weight_decay`` stays in the groups, where the loop sets it and checkpoints hold it; only torch's step sees 0.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """p -= lr * wd * p, then torch's step."""
        decays = [group["weight_decay"] for group in self.param_groups]
        for group in self.param_groups:
            if params := [param for param in group["params"] if param.grad is not None]:
                torch._foreach_mul_(params, 1.0 - group["lr"] * group["weight_decay"])
            group["weight_decay"] = 0.0
        try:
            return super().step(closure)
        finally:
            for group, decay in zip(self.param_groups, decays, strict=True):
                group["weight_decay"] = decay


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """RMSProp: the gradient over the root of its second moment, without bias correction.

    v = beta * v + (1 - beta) * g^2;  p -= lr * wd * p,  then  p -= lr * g / (sqrt(v) + eps)

    v starts at 0, so that early steps are larger than lr, by a factor of up to 1 / sqrt(1 - beta).

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        torch's optimizer with the decay taken out of the gradient. timm's RMSpropTF has eps under the root and starts
        with v = 1.

    Source: Tieleman & Hinton (2012), Neural Networks for Machine Learning, Lecture 6.5; without bias correction as in
    Su, "Weight decay and learning rate from a moving average perspective" (2025), the list below Eq. 2.
    """
    return DecoupledRMSprop(list(groups), alpha=config.beta, eps=config.eps)
