"""Random resized crop: a window of random area and aspect is resized to the image size of the model."""

from dataclasses import dataclass

import torch

from lrwd.augment._rectangles import check_rectangles, draw_sides
from lrwd.augment._resize import crop_and_resize

# Draws per image; if no window fits, the largest allowed one around the centre is used, as in torchvision.
NUM_TRIES = 10
EXAMPLE = {"scale": [0.08, 1.0], "ratio": [0.75, 1.3333]}


@dataclass(frozen=True)
class Config:
    """Knobs of the random resized crop.

    Args:
        scale: smallest and largest area of the window, as a share of the image's.
        ratio: smallest and largest width / height of the window.
    """

    scale: tuple[float, float]
    ratio: tuple[float, float]

    def __post_init__(self) -> None:
        check_rectangles(self.scale, self.ratio)


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Cut a window from each image and resize it to the image's size (bilinear, antialiased).

    Images that stay in files are cropped when they are decoded instead, each from its full size by ``draw_windows``.

    Args:
        images: (B, C, H, W) uint8 on any device.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.

    Source: Szegedy et al. (2015), arXiv 1409.4842, section 6; the sampling of torchvision's
        ``RandomResizedCrop``.
    """
    height, width = images.shape[-2:]
    windows = draw_windows(len(images), height, width, generator, config)
    return crop_and_resize(images, windows.to(images.device, non_blocking=True))


def draw_windows(num: int, height: int, width: int, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Draw the windows of images of one size.

    Area / image area is uniform on ``scale`` and ln(width / height) is uniform on ln ``ratio``. Of ten draws the first
    window that fits is placed uniformly; if none fits, it is the largest window of an allowed aspect around the centre.

    Args:
        num: B, number of windows.
        height, width: size of the images, in pixels.
        generator: of the CPU.
        config: the knobs.

    Returns:
        (B, 4) int64: top, left, height, width.
    """
    # The same count of numbers for each image: a window that does not fit must not change those of other images.
    uniform = torch.rand(num, 2 * NUM_TRIES + 2, generator=generator, dtype=torch.float64)
    widths, heights = draw_sides(uniform[:, : 2 * NUM_TRIES], height * width, config.scale, config.ratio)
    fits = (widths > 0) & (widths <= width) & (heights > 0) & (heights <= height)
    # The central window is appended as a last try, which always fits; argmax finds the first that fits.
    central_height, central_width = _central(height, width, config)
    widths = torch.cat([widths, torch.full((num, 1), central_width)], dim=1)
    heights = torch.cat([heights, torch.full((num, 1), central_height)], dim=1)
    first = torch.cat([fits, torch.ones(num, 1, dtype=torch.bool)], dim=1).int().argmax(dim=1, keepdim=True)
    cut_width, cut_height = widths.gather(1, first)[:, 0], heights.gather(1, first)[:, 0]
    top = (uniform[:, -2] * (height - cut_height + 1)).long()
    left = (uniform[:, -1] * (width - cut_width + 1)).long()
    central = first[:, 0] == NUM_TRIES
    top = torch.where(central, (height - cut_height) // 2, top)
    left = torch.where(central, (width - cut_width) // 2, left)
    return torch.stack([top, left, cut_height, cut_width], dim=1)


def _central(height: int, width: int, config: Config) -> tuple[int, int]:
    """Height and width of the largest window of an allowed aspect."""
    aspect = width / height
    if aspect < config.ratio[0]:
        return round(width / config.ratio[0]), width
    if aspect > config.ratio[1]:
        return height, round(height * config.ratio[1])
    return height, width
