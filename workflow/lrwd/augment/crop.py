"""Random crop: each image is shifted by whole pixels and filled up with zeros at the border."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from lrwd.errors import ConfigError

EXAMPLE = {"padding": 4, "probability": 0.9}


@dataclass(frozen=True)
class Config:
    """Knobs of the random crop.

    Args:
        padding: width of the border of zeros, in pixels, which is the largest shift.
        probability: share of images that are shifted.
    """

    padding: int
    probability: float

    def __post_init__(self) -> None:
        if self.padding < 1:
            raise ConfigError(f"padding: {self.padding} is not allowed; it is a number of pixels, 1 or more")
        if not 0 < self.probability <= 1:
            raise ConfigError(f"probability: {self.probability} is not allowed; 0 < probability <= 1")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Pad each image with zeros and cut a window of its original size at a random position.

    The offset of the window is uniform on {0, …, 2 padding}, independently in height and width. For images that are not
    shifted it is ``padding``, which leaves them unchanged.

    Args:
        images: (B, C, H, W) uint8 on any device.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.

    Source: He et al. (2016), arXiv 1512.03385, section 4.2.
    """
    pad = config.padding
    offsets = torch.randint(2 * pad + 1, (2, len(images)), generator=generator)
    if config.probability < 1:
        moved = torch.rand(len(images), generator=generator) < config.probability
        offsets = offsets.where(moved, pad)
    top, left = offsets.to(images.device, non_blocking=True)
    rows = torch.arange(len(images), device=images.device)
    # A view of all windows, from which one per image is copied: no loop, and no index for each pixel.
    height, width = images.shape[-2:]
    windows = F.pad(images, (pad, pad, pad, pad)).unfold(2, height, 1).unfold(3, width, 1)
    return windows[rows, :, top, left]
