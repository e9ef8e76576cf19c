"""Paints a box over each image, without a loop over the images."""

import torch


def paint(images: torch.Tensor, boxes: torch.Tensor, colors: torch.Tensor) -> torch.Tensor:
    """Paint a box over each image.

    Args:
        images: (B, C, H, W) uint8 on any device.
        boxes: (B, 4) int64 on the CPU: top, left, height, width in pixels. They are clipped to the image; a box of
            height or width 0 changes nothing.
        colors: (B, C) uint8 on the CPU.

    Returns:
        (B, C, H, W) uint8, same device.
    """
    top, left, height, width = boxes.to(images.device, non_blocking=True).unbind(1)
    inside = (
        _between(top, height, images.shape[2])[:, None, :, None] & _between(left, width, images.shape[3])[:, None, None]
    )
    return torch.where(inside, colors.to(images.device, non_blocking=True)[:, :, None, None], images)


def _between(start: torch.Tensor, length: torch.Tensor, size: int) -> torch.Tensor:
    """Which positions 0 … size - 1 lie in [start, start + length): (B, size) bool."""
    place = torch.arange(size, device=start.device)
    return (place >= start[:, None]) & (place < (start + length)[:, None])
