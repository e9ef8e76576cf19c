"""The operations of RandAugment and their strengths, as torchvision has them."""

import math

import torch
from torchvision.transforms.v2 import functional

from lrwd.errors import ConfigError

# Torchvision's list, in its order, with whether the magnitude's sign is drawn.
OPS = (
    ("Identity", False),
    ("ShearX", True),
    ("ShearY", True),
    ("TranslateX", True),
    ("TranslateY", True),
    ("Rotate", True),
    ("Brightness", True),
    ("Color", True),
    ("Contrast", True),
    ("Sharpness", True),
    ("Posterize", False),
    ("Solarize", False),
    ("AutoContrast", False),
    ("Equalize", False),
)
# Those that only move pixels.
MOVES = frozenset({"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"})


def transform(images: torch.Tensor, name: str, magnitude: float) -> torch.Tensor:
    """Apply one operation to all images.

    Args:
        images: (B, C, H, W) uint8.
        name: of ``OPS``.
        magnitude: its strength in its own unit, with its sign.
    """
    match name:
        case "Identity":
            return images
        case "ShearX":
            return _affine(images, shear=(math.degrees(math.atan(magnitude)), 0.0), corner=True)
        case "ShearY":
            return _affine(images, shear=(0.0, math.degrees(math.atan(magnitude))), corner=True)
        case "TranslateX":
            return _affine(images, translate=(int(magnitude), 0))
        case "TranslateY":
            return _affine(images, translate=(0, int(magnitude)))
        case "Rotate":
            return functional.rotate(images, angle=magnitude)
        case "Brightness":
            return functional.adjust_brightness(images, 1 + magnitude)
        case "Color":
            return functional.adjust_saturation(images, 1 + magnitude)
        case "Contrast":
            return functional.adjust_contrast(images, 1 + magnitude)
        case "Sharpness":
            return functional.adjust_sharpness(images, 1 + magnitude)
        case "Posterize":
            return functional.posterize(images, bits=int(magnitude))
        case "Solarize":
            return functional.solarize(images, threshold=255 * magnitude)
        case "AutoContrast":
            return functional.autocontrast(images)
        case "Equalize":
            return functional.equalize(images)
    raise ConfigError(f"Unknown operation {name!r}. Available: {', '.join(op for op, _ in OPS)}")


def strength(name: str, magnitude: int, num_bins: int, height: int, width: int) -> float:
    """Magnitude of an operation in its own unit, positive.

    Args:
        name: of ``OPS``.
        magnitude: M, its bin.
        num_bins: bins of the range.
        height: of the images, in pixels.
        width: likewise.
    """
    largest = {
        "ShearX": 0.3,
        "ShearY": 0.3,
        "TranslateX": 150 / 331 * width,
        "TranslateY": 150 / 331 * height,
        "Rotate": 30.0,
        "Brightness": 0.9,
        "Color": 0.9,
        "Contrast": 0.9,
        "Sharpness": 0.9,
    }
    if name in largest:
        # float32, as torchvision's table: int() of a shift must not differ by a rounding.
        return float(torch.linspace(0.0, largest[name], num_bins)[magnitude])
    if name == "Posterize":
        return 8 - round(magnitude / ((num_bins - 1) / 4))
    if name == "Solarize":
        return float(torch.linspace(1.0, 0.0, num_bins)[magnitude])
    return 0.0


def _affine(
    images: torch.Tensor,
    translate: tuple[int, int] = (0, 0),
    shear: tuple[float, float] = (0.0, 0.0),
    corner: bool = False,
) -> torch.Tensor:
    return functional.affine(
        images,
        angle=0.0,
        translate=list(translate),
        scale=1.0,
        shear=list(shear),
        center=[0, 0] if corner else None,
    )
