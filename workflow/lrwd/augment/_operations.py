"""The operations of RandAugment and their strengths, as in torchvision."""

import math

import torch
from torchvision.transforms.v2 import functional

from lrwd.errors import ConfigError

# Torchvision's list in its order; the flag: whether the sign of the magnitude is drawn.
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
# The operations that only move pixels.
MOVES = frozenset({"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate"})


def transform(images: torch.Tensor, name: str, magnitude: float) -> torch.Tensor:
    """Apply one operation to all images.

    Args:
        images: (B, C, H, W) uint8.
        name: of the operation, one of ``OPS``.
        magnitude: strength in the unit of the operation, with its sign.
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
    """Strength of an operation in its own unit, without sign.

    Args:
        name: of the operation, one of ``OPS``.
        magnitude: M, the bin.
        num_bins: number of bins that the range is divided into.
        height, width: size of the images, in pixels.
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
        # In float32, as in torchvision: int() of a shift must not change by rounding.
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
