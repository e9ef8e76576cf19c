"""Cutout: a square in each image is blackened."""

from dataclasses import dataclass

import torch

from lrwd.augment._boxes import paint
from lrwd.errors import ConfigError

EXAMPLE = {"size": 5}


@dataclass(frozen=True)
class Config:
    """Knobs of Cutout.

    Args:
        size: edge of the square, in pixels (16 on CIFAR-10 and 8 on CIFAR-100 as published).
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(f"size: {self.size} is not allowed; it is a number of pixels, 1 or more")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Blacken a square around a uniformly drawn pixel of each image; the square is clipped to the image.

    Args:
        images: (B, C, H, W) uint8 on any device.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.

    Source: DeVries and Taylor (2017), arXiv 1708.04552, section 3.2; there zero is the mean pixel, here it is black,
        as is the border that the random crop adds.
    """
    num, channels, height, width = images.shape
    row = torch.randint(height, (num,), generator=generator)
    column = torch.randint(width, (num,), generator=generator)
    edge = torch.full((num,), config.size)
    boxes = torch.stack([row - config.size // 2, column - config.size // 2, edge, edge], dim=1)
    return paint(images, boxes, torch.zeros(num, channels, dtype=torch.uint8))
