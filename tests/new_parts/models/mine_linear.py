"""One linear layer."""

from dataclasses import dataclass

from torch import nn

EXAMPLE = {"bias": True}


@dataclass(frozen=True)
class Config:
    """bias: whether there is one."""

    bias: bool


def build(config: Config, num_classes: int, image_size: int, channels: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * image_size**2, num_classes, bias=config.bias))
