"""Hue shift, by another angle for each image."""

import torch


def shift_hue(images: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """Shift the hue: in HSV, h -> (h + turns) mod 1.

    Args:
        images: (B, C, H, W) uint8; images of one channel have no hue and are returned unchanged.
        turns: (B, 1, 1, 1) in [-0.5, 0.5].

    Returns:
        (B, C, H, W) uint8.

    Source: Smith (1978), "Color gamut transform pairs", the hexcone model.
    """
    if images.shape[1] == 1:
        return images
    rgb = images.float() / 255
    red, green, blue = rgb.split(1, dim=1)
    high, low = rgb.amax(1, keepdim=True), rgb.amin(1, keepdim=True)
    chroma = high - low
    grey = chroma == 0
    divisor = torch.where(grey, 1.0, chroma)
    sixths = torch.where(
        high == red,
        (green - blue) / divisor,
        torch.where(high == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    sixths = (torch.where(grey, 0.0, sixths) + 6 * turns).remainder(6)
    # Each channel is high - chroma * max(0, min(k, 4 - k, 1)), k = (n + h) mod 6, n = 5, 3, 1.
    offset = torch.tensor([5.0, 3.0, 1.0], device=images.device).view(1, 3, 1, 1)
    k = (offset + sixths).remainder(6)
    shifted = high - chroma * torch.minimum(k, 4 - k).clamp(0, 1)
    # [0, 1] to 256 levels of equal width, as in torchvision's to_dtype.
    return shifted.mul(255 + 1 - 1e-3).clamp_(0, 255).to(torch.uint8)
