"""Muon for matrices, AdamW for the rest, with decoupled weight decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from timm.optim import Muon

from lrwd.errors import ConfigError
from lrwd.optim._checks import check_positive, check_rates

EXAMPLE = {"momentum": 0.95, "ns_steps": 5, "betas": [0.9, 0.999], "eps": 1e-8}


@dataclass(frozen=True)
class Config:
    """momentum: decay rate of the matrices' momentum; ns_steps: Newton-Schulz iterations; betas: decay rates of the
    two moments of the other parameters; eps: lower bound of a matrix's norm, and the term added to the root of the
    second moment of the other parameters.
    """

    momentum: float
    ns_steps: int
    betas: tuple[float, float]
    eps: float

    def __post_init__(self) -> None:
        check_rates("momentum", self.momentum)
        check_rates("betas", *self.betas)
        check_positive("eps", self.eps)
        if self.ns_steps < 1:
            raise ConfigError(f"ns_steps: {self.ns_steps!r} must be at least 1")


def build(config: Config, groups: Sequence[dict[str, Any]]) -> torch.optim.Optimizer:
    """Muon: the momentum's matrix sign, so that a step has the same length in every principal direction.

    M = momentum * M + (1 - momentum) * G;  p -= lr * wd * p,  then  p -= lr * 0.2 * sqrt(max(m, n)) * msign(M)

    msign(U S V') = U V', approximated by X <- a X + (b A + c A^2) X  with  A = X X'  from  X = M / |M|, in bfloat16.
    The factor 0.2 sqrt(max(m, n)) gives a step the RMS of an Adam step, so that lr means the same for all parameters.

    Muon's step is for the weights of two or more dimensions whose first two are > 1, if as matrices both sides are at
    least 4 long and their ratio is at most 128; a convolution's kernel (out, in, h, w) is the matrix (out, in * h * w).
    Everything else (biases, norms, depthwise kernels, position embeddings) takes AdamW's step at the same lr.

    Args:
        config: the optimizer's knobs.
        groups: parameter groups as ``decay_groups`` makes them.

    Returns:
        timm's optimizer, one for all parameters, without Nesterov's momentum. torch's accepts only matrices.

    Source: Jordan et al. (2024), "Muon: An optimizer for hidden layers in neural networks" (a, b, c); Liu et al.
    (2025), arXiv 2502.16982, Eq. 4 (decay, factor); Su, "Weight decay and learning rate from a moving average
    perspective" (2025), the list below Eq. 2.
    """
    return Muon(
        list(groups),
        momentum=config.momentum,
        nesterov=False,  # if true, timm updates the other parameters by NAdamW
        ns_steps=config.ns_steps,
        ns_coefficients="original",
        eps=config.eps,
        adjust_lr_fn="match_rms_adamw",
        conv_mode="flatten",
        betas=config.betas,
    )
