"""RandAugment: a few randomly drawn operations for each image, all of the same magnitude."""

import functools
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from lrwd.augment._operations import MOVES, OPS, strength, transform
from lrwd.errors import ConfigError

EXAMPLE = {"num_ops": 2, "magnitude": 9, "num_bins": 31}


@dataclass(frozen=True)
class Config:
    """Knobs of RandAugment.

    Args:
        num_ops: N, number of operations applied to an image one after the other.
        magnitude: M, bin of the strength, in [0, num_bins).
        num_bins: number of bins that the range of each operation is divided into (torchvision: 31, so M in 0..30).
    """

    num_ops: int
    magnitude: int
    num_bins: int

    def __post_init__(self) -> None:
        if self.num_ops < 1:
            raise ConfigError(f"num_ops: {self.num_ops} is not allowed; it is 1 or more")
        if self.num_bins < 2:
            raise ConfigError(f"num_bins: {self.num_bins} is not allowed; it is 2 or more")
        if not 0 <= self.magnitude < self.num_bins:
            raise ConfigError(f"magnitude: {self.magnitude} is not allowed; it is 0 to {self.num_bins - 1}")


def apply(images: torch.Tensor, generator: torch.Generator, config: Config) -> torch.Tensor:
    """Apply N random operations of magnitude M to each image.

    As M is fixed, images differ only in operation and sign: those that share both are changed together, and all whose
    operation only moves pixels by one gather. Pixels from outside the image are 0, and the interpolation is nearest,
    as in torchvision.

    Args:
        images: (B, C, H, W) uint8 on any device, C = 1 or 3.
        generator: of the CPU; the only source of randomness.
        config: the knobs.

    Returns:
        (B, C, H, W) uint8, same device.

    Raises:
        ConfigError: there are other than 1 or 3 channels.

    Source: Cubuk et al. (2020), arXiv 1909.13719, Figure 2; operations and ranges of torchvision's
        ``RandAugment``.
    """
    if images.shape[1] not in (1, 3):
        raise ConfigError(f"randaugment: images have {images.shape[1]} channels; allowed: 1 or 3")
    shape = (config.num_ops, len(images))
    ops = torch.randint(len(OPS), shape, generator=generator)
    negative = torch.rand(shape, generator=generator) < 0.5
    for round_ops, round_negative in zip(ops, negative, strict=True):
        images = _round(images, round_ops, round_negative, config)
    return images


def _round(images: torch.Tensor, ops: torch.Tensor, negative: torch.Tensor, config: Config) -> torch.Tensor:
    """Apply one operation to each image; images are grouped on the CPU, so as not to wait for the device."""
    height, width = images.shape[-2:]
    result = images.clone()
    moves, place = _moves(config, height, width, images.device)
    move = place[ops, negative.long()]
    chosen = move >= 0
    if chosen.any():
        index = chosen.nonzero().flatten().to(images.device, non_blocking=True)
        source = moves[move[chosen].to(images.device, non_blocking=True)]
        # Index 0 is a zero for pixels from outside the image.
        flat = F.pad(images.index_select(0, index).flatten(2), (1, 0))
        moved = flat.gather(2, source[:, None].expand(-1, images.shape[1], -1))
        result.index_copy_(0, index, moved.unflatten(2, (height, width)))
    for number, (name, signed) in enumerate(OPS):
        if name == "Identity" or name in MOVES:
            continue
        for sign in (1, -1) if signed else (1,):
            chosen = (ops == number) & (negative == (sign < 0)) if signed else ops == number
            if not chosen.any():
                continue
            index = chosen.nonzero().flatten().to(images.device, non_blocking=True)
            size = sign * strength(name, config.magnitude, config.num_bins, height, width)
            result.index_copy_(0, index, transform(images.index_select(0, index), name, size))
    return result


@functools.lru_cache(maxsize=8)
def _moves(config: Config, height: int, width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """The source of each pixel under each move, found by moving an image of pixel indices with torchvision.

    Returns:
        (number of moves, H W) int64 on the device: 1 + index of the source pixel, or 0 for outside; and
        (number of operations, 2) on the CPU: number of the move for an operation and sign, or -1.
    """
    picture = torch.arange(1, height * width + 1, dtype=torch.float32).view(1, 1, height, width)
    place = torch.full((len(OPS), 2), -1)
    moves: list[torch.Tensor] = []
    for number, (name, _) in enumerate(OPS):
        if name in MOVES:
            size = strength(name, config.magnitude, config.num_bins, height, width)
            for column, sign in enumerate((1, -1)):
                place[number, column] = len(moves)
                moves.append(transform(picture, name, sign * size).flatten())
    return torch.stack(moves).long().to(device), place
