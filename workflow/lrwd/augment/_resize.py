"""Crop and resize each image of a batch by its own window, as two matrix products."""

import torch

WEIGHT_STEPS = 2**15


def crop_and_resize(images: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
    """Cut a window from each image and resize it to the image's size, bilinear and antialiased.

    Args:
        images: (B, C, H, W) uint8.
        windows: (B, 4) int64, top, left, height, width, on the same device.

    Returns:
        (B, C, H, W) uint8.
    """
    height, width = images.shape[-2:]
    top, left, cut_height, cut_width = windows.unbind(1)
    rows = _weights(height, top, cut_height)
    columns = _weights(width, left, cut_width)
    # Rounded to integers after each pass, as by Pillow and by torchvision on a CPU. Every product and sum is then exact
    # in float32 (8 + 15 bits), so the result does not depend on the order of summation.
    wide = (images.float() @ columns[:, None].mT).round_()
    return (rows[:, None] @ wide).round_().clamp_(0, 255).to(torch.uint8)


def _weights(size: int, start: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """Weights of the source pixels in each pixel of the result, along one axis.

    Output pixel i lies at start + (i + 1/2) s - 1/2, s = length / size; its filter is the triangle
    1 - |x| / max(s, 1), restricted to the pixels of the window, normalised to sum 1 and rounded to 2**-15.

    Args:
        size: number of pixels along the axis, before and after.
        start: (B,) first pixel of the window.
        length: (B,) number of pixels of the window.

    Returns:
        (B, size, size) float32: result by source.
    """
    pixel = torch.arange(size, device=start.device, dtype=torch.float64)
    start, length = start[:, None, None].double(), length[:, None, None].double()
    scale = length / size
    centre = start + (pixel[:, None] + 0.5) * scale - 0.5
    weight = (1 - (pixel - centre).abs() / scale.clamp(min=1)).clamp(min=0)
    inside = (pixel >= start) & (pixel < start + length)
    weight = weight * inside
    weight = weight / weight.sum(dim=-1, keepdim=True)
    return (weight * WEIGHT_STEPS).round_().div_(WEIGHT_STEPS).float()
