"""Random erasing: a box of random area and aspect is painted over some of the images."""

from dataclasses import dataclass

import torch

from lrwd.augment._boxes import paint
from lrwd.augment._rectangles import check_rectangles, draw_sides
from lrwd.errors import ConfigError

# Draws per image; if no box fits, the image is not changed, as in timm.
NUM_TRIES = 10
FILLS = ("black", "color")
EXAMPLE = {"probability": 0.8, "scale": [0.1, 0.33], "ratio": [0.3, 3.3], "fill": "color"}


@dataclass(frozen=True)
class Config:
    """Knobs of random erasing.

    Args:
        probability: that an image gets a box.
        scale: smallest and largest area of the box, as a share of the image's (0.02 and 0.4 as published).
        ratio: smallest and largest height / width of the box (0.3 and 3.33 as published).
        fill: "black", or "color": a random colour for each box.
    """

    probability: float
    scale: tuple[float, float]
    ratio: tuple[float, float]
    fill: str

    def __post_init__(self) -> None:
        if not 0 < self.probability <= 1:
            raise ConfigError(f"probability: {self.probability} is not allowed; 0 < probability <= 1")
        check_rectangles(self.scale, self.ratio)
        if self.fill not in FILLS:
            raise ConfigError(f"fill: {self.fill!r} is not allowed. Allowed: {', '.join(FILLS)}")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Paint a box over randomly chosen images.

    Area / image area is uniform on ``scale`` and ln(height / width) is uniform on ln ``ratio``. Of ten draws the first
    box that is smaller than the image in height and width is placed uniformly; if there is none, the image is not
    changed.

    Args:
        images: (B, C, H, W) uint8 on any device.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.

    Source: Zhong et al. (2020), arXiv 1708.04896, Algorithm 1; aspect and colours as in timm's ``RandomErasing``
        (modes "const" and "rand").
    """
    num, channels, height, width = images.shape
    boxes = draw_boxes(num, height, width, generator, config)
    colors = torch.zeros(num, channels, dtype=torch.uint8)
    if config.fill == "color":
        colors = torch.randint(256, (num, channels), generator=generator, dtype=torch.uint8)
    return paint(images, boxes, colors)


def draw_boxes(num: int, height: int, width: int, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Draw the boxes of a batch.

    Args:
        num: B, number of images.
        height, width: size of the images, in pixels.
        generator: of the CPU.
        config: the knobs.

    Returns:
        (B, 4) int64: top, left, height, width; height and width are 0 for the images that are not changed.
    """
    # The same count of numbers for each image: a box that does not fit must not change the boxes of other images.
    uniform = torch.rand(num, 2 * NUM_TRIES + 3, generator=generator, dtype=torch.float64)
    heights, widths = draw_sides(uniform[:, : 2 * NUM_TRIES], height * width, config.scale, config.ratio)
    fits = (heights < height) & (widths < width)
    first = fits.int().argmax(dim=1, keepdim=True)  # the first True
    chosen = fits.any(dim=1) & (uniform[:, -3] < config.probability)
    box_height, box_width = (sizes.gather(1, first)[:, 0] * chosen for sizes in (heights, widths))
    top = (uniform[:, -2] * (height - box_height + 1)).long()
    left = (uniform[:, -1] * (width - box_width + 1)).long()
    return torch.stack([top, left, box_height, box_width], dim=1)
