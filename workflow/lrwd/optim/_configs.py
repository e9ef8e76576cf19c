"""Knobs that several optimizers have."""

from dataclasses import dataclass

from lrwd.optim._checks import check_positive, check_rates


@dataclass(frozen=True)
class AdamConfig:
    """betas: decay rates of the two moments; eps: added to the root of the second one."""

    betas: tuple[float, float]
    eps: float

    def __post_init__(self) -> None:
        check_rates("betas", *self.betas)
        check_positive("eps", self.eps)


@dataclass(frozen=True)
class MomentumConfig:
    """momentum: share of the momentum buffer that is kept in each step."""

    momentum: float

    def __post_init__(self) -> None:
        check_rates("momentum", self.momentum)
