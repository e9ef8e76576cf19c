"""Crop and flip against loops over images."""

import pytest
import torch

from lrwd.augment import crop, flip
from lrwd.errors import ConfigError


def images(num: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(1, 256, (num, 3, 8, 6), generator=generator, dtype=torch.uint8)


def crop_offsets(probability: float) -> list[tuple[int, int]]:
    """Offsets of 500 images cropped with padding 2, each found by comparing it with all its windows."""
    batch = images(500)
    result = crop.apply(batch, torch.Generator().manual_seed(0), crop.Config(2, probability))
    padded = torch.zeros(500, 3, 12, 10, dtype=torch.uint8)
    padded[:, :, 2:-2, 2:-2] = batch
    offsets = []
    for image, whole in zip(result, padded, strict=True):
        found = [(y, x) for y in range(5) for x in range(5) if torch.equal(image, whole[:, y : y + 8, x : x + 6])]
        assert len(found) == 1
        offsets += found
    return offsets


def test_crop_shifts_each_image_and_brings_in_zeros() -> None:
    offsets = crop_offsets(1.0)
    # 25 offsets, 20 of each expected, SD 4.4.
    counts = [offsets.count((y, x)) for y in range(5) for x in range(5)]
    assert min(counts) > 20 - 4 * 4.4
    assert max(counts) < 20 + 4 * 4.4


def test_crop_moves_the_share_asked_for() -> None:
    offsets = crop_offsets(0.4)
    # Of the 200 expected to be drawn, 1 in 25 falls on the middle: 308 stay, SD 10.9.
    assert offsets.count((2, 2)) == pytest.approx(308, abs=4 * 10.9)
    rest = [offsets.count((y, x)) for y in range(5) for x in range(5) if (y, x) != (2, 2)]
    assert max(rest) < 8 + 4 * 2.8


@pytest.mark.parametrize("probability", [0.3, 1.0])
def test_flip_mirrors_the_share_asked_for(probability: float) -> None:
    batch = images(1000)
    result = flip.apply(batch, torch.Generator().manual_seed(0), flip.Config(probability))
    num_mirrored = 0
    for before, after in zip(batch, result, strict=True):
        mirrored = torch.equal(after, before.flip(2))
        assert mirrored or torch.equal(after, before)
        num_mirrored += mirrored
    assert num_mirrored == pytest.approx(1000 * probability, abs=4 * 15)


def test_bad_knobs_are_refused() -> None:
    with pytest.raises(ConfigError, match="padding: 0"):
        crop.Config(0, 1.0)
    for probability in (0.0, 1.1):
        with pytest.raises(ConfigError, match="probability"):
            crop.Config(1, probability)
        with pytest.raises(ConfigError, match="probability"):
            flip.Config(probability)
