"""Random rectangles: the knobs and the draws shared by the augmentations that crop and those that erase."""

import math

import torch

from lrwd.errors import ConfigError


def check_rectangles(scale: tuple[float, float], ratio: tuple[float, float]) -> None:
    """Check the ranges of a rectangle's area and aspect.

    Raises:
        ConfigError: a range is empty, or outside of what is possible.
    """
    if not 0 < scale[0] <= scale[1] <= 1:
        raise ConfigError(f"scale: {scale} is not allowed; 0 < smallest <= largest <= 1")
    if not 0 < ratio[0] <= ratio[1]:
        raise ConfigError(f"ratio: {ratio} is not allowed; 0 < smallest <= largest")


def draw_sides(
    uniform: torch.Tensor, image_area: int, scale: tuple[float, float], ratio: tuple[float, float]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sides of rectangles whose area is uniform and whose aspect is uniform in its logarithm.

    Args:
        uniform: (B, 2 N) float64, uniform on [0, 1): N numbers for the areas, then N for the aspects.
        image_area: of the image, in pixels.
        scale: smallest and largest area, as a share of the image's.
        ratio: smallest and largest first side / second side.

    Returns:
        First and second sides, in pixels, (B, N) int64 each.
    """
    areas, aspects = uniform.chunk(2, dim=1)
    low, high = scale
    area = image_area * (low + (high - low) * areas)
    low, high = math.log(ratio[0]), math.log(ratio[1])
    aspect = torch.exp(low + (high - low) * aspects)
    return torch.sqrt(area * aspect).round().long(), torch.sqrt(area / aspect).round().long()
