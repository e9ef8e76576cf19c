"""Colour jitter: brightness, contrast, saturation and hue change by random factors for each image."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from lrwd.augment._hue import shift_hue
from lrwd.errors import ConfigError

EXAMPLE = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}


@dataclass(frozen=True)
class Config:
    """Knobs of the colour jitter, as in torchvision's ``ColorJitter``.

    Args:
        brightness: factors are uniform on [max(0, 1 - brightness), 1 + brightness]; 0 for none.
        contrast: likewise.
        saturation: likewise.
        hue: shifts are uniform on [-hue, hue], in turns of the colour wheel, at most 0.5; 0 for none.
    """

    brightness: float
    contrast: float
    saturation: float
    hue: float

    def __post_init__(self) -> None:
        for key in ("brightness", "contrast", "saturation", "hue"):
            value = getattr(self, key)
            if value < 0:
                raise ConfigError(f"{key}: {value} is not allowed; it is 0 or more")
        if self.hue > 0.5:
            raise ConfigError(f"hue: {self.hue} is not allowed; it is at most 0.5")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Change the colours of each image by random factors.

    As in torchvision, the four changes are applied in random order. The order is drawn once per batch, the factors once
    per image: the result of a single image has torchvision's distribution, but images of a batch share their order.

    Args:
        images: (B, C, H, W) uint8 on any device, C = 1 or 3. With one channel, saturation and hue have no effect.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device, rounded down after each change as in torchvision.

    Raises:
        ConfigError: there are other than 1 or 3 channels.
    """
    if images.shape[1] not in (1, 3):
        raise ConfigError(f"color_jitter: images have {images.shape[1]} channels; allowed: 1 or 3")
    order = torch.randperm(4, generator=generator).tolist()
    # Unused factors are drawn too, so that the draws of one factor do not depend on the knobs of another.
    uniform = torch.rand(4, len(images), generator=generator)
    for which in order:
        key, change = CHANGES[which]
        width = getattr(config, key)
        if width == 0:
            continue
        low, high = (-width, width) if key == "hue" else (max(0.0, 1 - width), 1 + width)
        factor = (low + (high - low) * uniform[which]).to(images.device, non_blocking=True)
        images = change(images, factor.view(-1, 1, 1, 1))
    return images


def change_brightness(images: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """factor x, clamped to [0, 255]; images (B, C, H, W) uint8, factor (B, 1, 1, 1)."""
    return images.mul(factor).clamp_(0, 255).to(torch.uint8)


def change_contrast(images: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """factor x + (1 - factor) m, with m the mean of the image's luma."""
    return _blend(images, _luma(images).mean(dim=(1, 2, 3), keepdim=True), factor)


def change_saturation(images: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """factor x + (1 - factor) y, with y the luma of the same pixel."""
    return images if images.shape[1] == 1 else _blend(images, _luma(images), factor)


CHANGES: tuple[tuple[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]], ...] = (
    ("brightness", change_brightness),
    ("contrast", change_contrast),
    ("saturation", change_saturation),
    ("hue", shift_hue),
)


def _luma(images: torch.Tensor) -> torch.Tensor:
    """ITU-R 601 luma, rounded down: (B, 1, H, W) float32."""
    if images.shape[1] == 1:
        return images.float()
    red, green, blue = images.unbind(1)
    return red.mul(0.2989).add_(green, alpha=0.587).add_(blue, alpha=0.114).floor_().unsqueeze(1)


def _blend(images: torch.Tensor, other: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    return images.mul(factor).add_(other * (1 - factor)).clamp_(0, 255).to(torch.uint8)
