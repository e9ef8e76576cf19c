"""Colour jitter and RandAugment against torchvision, image by image."""

from collections.abc import Callable

import pytest
import torch
from torchvision.transforms.v2 import RandAugment, functional

from lrwd.augment import _operations, color_jitter, randaugment
from lrwd.augment.color_jitter import CHANGES
from lrwd.errors import ConfigError

THEIRS: dict[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "brightness": functional.adjust_brightness,
    "contrast": functional.adjust_contrast,
    "saturation": functional.adjust_saturation,
    "hue": functional.adjust_hue,
}


def images(channels: int = 3, num: int = 96, edge: int = 20) -> torch.Tensor:
    """Blurred noise, and some images of few colours, where hue and luma have their corner cases."""
    generator = torch.Generator().manual_seed(0)
    small = torch.randint(0, 256, (num, channels, 5, 5), generator=generator, dtype=torch.uint8)
    small[: num // 4] = torch.where(small[: num // 4] < 128, 0, 255)
    small[num // 4] = 77
    return functional.resize(small, [edge, edge], interpolation=functional.InterpolationMode.BICUBIC)


def assert_close(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    """Equal but for a rounding down that falls the other side, by one level, in a few pixels."""
    difference = (ours.int() - theirs.int()).abs()
    assert difference.max() <= 1
    assert (difference > 0).float().mean() < 2e-3


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("key", "change"), CHANGES)
def test_each_change_is_torchvisions(key: str, change: Callable, channels: int) -> None:
    batch = images(channels)
    uniform = torch.rand(len(batch), generator=torch.Generator().manual_seed(0))
    factor = uniform - 0.5 if key == "hue" else 2 * uniform
    theirs = torch.stack([THEIRS[key](image, float(f)) for image, f in zip(batch, factor, strict=True)])
    assert_close(change(batch, factor.view(-1, 1, 1, 1)), theirs)


def test_jitter_draws_an_order_and_a_factor_an_image() -> None:
    batch = images(num=12)
    seen = set()
    for seed in range(30):
        config = color_jitter.Config(0.4, 0.3, 0.2, 0.1)
        ours = color_jitter.apply(batch, torch.Generator().manual_seed(seed), config)
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(4, generator=generator).tolist()
        uniform = torch.rand(4, 12, generator=generator).double()
        theirs = []
        for number, image in enumerate(batch):
            for which in order:
                key = CHANGES[which][0]
                width = getattr(config, key)
                shift = width * (2 * float(uniform[which, number]) - 1)
                image = THEIRS[key](image, shift if key == "hue" else 1 + shift)
            theirs.append(image)
        # A level lost early may grow in what follows, so the mean is compared, not each pixel.
        assert (ours.int() - torch.stack(theirs).int()).abs().float().mean() < 0.02
        seen.add(tuple(order))
    assert len(seen) > 12


def test_factors_stay_at_or_above_zero_and_none_changes_nothing() -> None:
    batch = images()
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(color_jitter.apply(batch, generator, color_jitter.Config(0.0, 0.0, 0.0, 0.0)), batch)
    dark = color_jitter.apply(batch, generator, color_jitter.Config(3.0, 0.0, 0.0, 0.0))
    # Uniform on [0, 4], not [-2, 4]: few images are black.
    assert (dark.flatten(1).amax(1) == 0).sum() <= 3


def test_jitter_refuses_bad_knobs_and_channels() -> None:
    with pytest.raises(ConfigError, match=r"contrast: -0.1"):
        color_jitter.Config(0.4, -0.1, 0.4, 0.0)
    with pytest.raises(ConfigError, match=r"hue: 0.6"):
        color_jitter.Config(0.4, 0.1, 0.4, 0.6)
    two = torch.zeros(4, 2, 8, 8, dtype=torch.uint8)
    with pytest.raises(ConfigError, match="images have 2 channels"):
        color_jitter.apply(two, torch.Generator(), color_jitter.Config(0.4, 0.4, 0.4, 0.0))
    with pytest.raises(ConfigError, match="images have 2 channels"):
        randaugment.apply(two, torch.Generator(), randaugment.Config(2, 9, 31))


def test_operations_and_strengths_are_torchvisions() -> None:
    theirs = RandAugment._AUGMENTATION_SPACE
    assert [(name, signed) for name, (_, signed) in theirs.items()] == list(_operations.OPS)
    for num_bins in (11, 31):
        for name, (table, _) in theirs.items():
            for magnitude in range(num_bins):
                values = table(num_bins, 30, 40)
                expected = 0.0 if values is None else float(values[magnitude])
                ours = _operations.strength(name, magnitude, num_bins, 30, 40)
                assert ours == expected, (name, magnitude)


@pytest.mark.parametrize("channels", [1, 3])
def test_randaugment_is_torchvisions_on_each_image(channels: int) -> None:
    batch = images(channels, num=200, edge=32)
    config = randaugment.Config(num_ops=2, magnitude=9, num_bins=31)
    ours = randaugment.apply(batch, torch.Generator().manual_seed(5), config)
    generator = torch.Generator().manual_seed(5)
    ops = torch.randint(14, (2, 200), generator=generator)
    negative = torch.rand((2, 200), generator=generator) < 0.5
    names = list(RandAugment._AUGMENTATION_SPACE)
    reference = RandAugment()
    seen = set()
    for number, image in enumerate(batch):
        for step in range(2):
            name = names[int(ops[step, number])]
            table, signed = RandAugment._AUGMENTATION_SPACE[name]
            values = table(31, 32, 32)
            magnitude = 0.0 if values is None else float(values[9])
            if signed and negative[step, number]:
                magnitude *= -1
            image = reference._apply_image_or_video_transform(
                image, name, magnitude, interpolation=reference.interpolation, fill=reference._fill
            )
            seen.add((name, magnitude))
        assert torch.equal(ours[number], image), number
    assert len(seen) == 14 + 9


def test_randaugment_refuses_bad_knobs() -> None:
    for knobs, message in (((0, 9, 31), "num_ops: 0"), ((2, 31, 31), "0 to 30"), ((2, 0, 1), "num_bins: 1")):
        with pytest.raises(ConfigError, match=message):
            randaugment.Config(*knobs)
