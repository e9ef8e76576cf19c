"""Random horizontal flip."""

from dataclasses import dataclass

import torch

from lrwd.errors import ConfigError

EXAMPLE = {"probability": 0.5}


@dataclass(frozen=True)
class Config:
    """Knobs of the flip.

    Args:
        probability: probability that an image is mirrored, in (0, 1].
    """

    probability: float

    def __post_init__(self) -> None:
        if not 0 < self.probability <= 1:
            raise ConfigError(f"probability: {self.probability} is not allowed; it lies in (0, 1]")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Mirror each image left to right with a given probability.

    Args:
        images: (B, C, H, W) uint8 on any device.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.
    """
    mirrored = torch.rand(len(images), generator=generator) < config.probability
    mirrored = mirrored.to(images.device, non_blocking=True)
    return torch.where(mirrored[:, None, None, None], images.flip(-1), images)
