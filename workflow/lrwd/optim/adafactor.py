"""Adafactor with an external learning rate, and decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Adafactor

from lrwd.errors import ConfigError
from lrwd.optim._checks import check_positive

EXAMPLE = {"decay_rate": 0.8, "clip_threshold": 1.0, "eps": 1e-30, "min_dim_size_to_factor": 4}


@dataclass(frozen=True)
class Config:
    """decay_rate: exponent c of beta_t = 1 - t^-c; clip_threshold: largest RMS of a step over lr; eps: added to g^2;
    min_dim_size_to_factor: the second moment of a matrix is kept as a row and a column if both its sides are longer.
    """

    decay_rate: float
    clip_threshold: float
    eps: float
    min_dim_size_to_factor: int

    def __post_init__(self) -> None:
        check_positive("decay_rate", self.decay_rate)
        check_positive("clip_threshold", self.clip_threshold)
        check_positive("eps", self.eps)
        if self.min_dim_size_to_factor < 1:
            raise ConfigError(f"min_dim_size_to_factor: {self.min_dim_size_to_factor!r} must be at least 1")


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """Adafactor without momentum: the gradient over the root of a second moment of rank one, clipped.

    beta_t = 1 - t^-c;  R = beta_t * R + (1 - beta_t) * rowmean(g^2 + eps),  C likewise by columns;  v = R C / mean(R);
    u = g / sqrt(v);  p -= lr * wd * p,  then  p -= lr * u / max(1, RMS(u) / clip_threshold)

    Vectors and small matrices keep v itself. For a convolution, the two axes of channels are the rows and columns.
    Unlike in the source, lr replaces its relative step size max(eps_2, RMS(p)) * rho_t, so that a swept lr is the
    step size itself.

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's optimizer. torch's uses lr as a bound of the relative step size, for which it waits for the device.

    Source: Shazeer & Stern (2018), arXiv 1804.04235, Algorithms 4 and 5.
    """
    return Adafactor(
        list(groups),
        lr=0.0,  # without one, timm would take its relative step size; each group has its own
        eps=config.eps,
        clip_threshold=config.clip_threshold,
        decay_rate=-config.decay_rate,
        min_dim_size_to_factor=config.min_dim_size_to_factor,
    )
