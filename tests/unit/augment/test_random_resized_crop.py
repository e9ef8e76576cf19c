"""Random resized crop: windows against their definition, resizing against torchvision."""

import math

import pytest
import torch
from torchvision.transforms.v2 import functional

from lrwd.augment import random_resized_crop
from lrwd.augment._resize import crop_and_resize
from lrwd.augment.random_resized_crop import Config, draw_windows
from lrwd.errors import ConfigError

USUAL = Config((0.08, 1.0), (3 / 4, 4 / 3))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40)])
def test_resizing_is_torchvisions(height: int, width: int) -> None:
    generator = torch.Generator().manual_seed(0)
    small = torch.randint(0, 256, (200, 3, 9, 9), generator=generator, dtype=torch.uint8)
    batch = functional.resize(small, [height, width])
    windows = draw_windows(200, height, width, generator, USUAL)
    ours = crop_and_resize(batch, windows).float()
    theirs = torch.stack(
        [
            functional.resized_crop(image.float(), *window, [height, width], antialias=True)
            for image, window in zip(batch, windows.tolist(), strict=True)
        ]
    )
    # Half a level for each of the two roundings, and 2**-15 in the weights.
    assert (ours - theirs).abs().max() <= 1.02
    assert (ours - theirs).mean().abs() < 0.01


def test_a_window_of_the_whole_image_changes_nothing() -> None:
    batch = torch.randint(0, 256, (4, 3, 9, 7), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    assert torch.equal(crop_and_resize(batch, torch.tensor([[0, 0, 9, 7]] * 4)), batch)


def test_windows_have_the_distribution_of_their_definition() -> None:
    windows = draw_windows(20_000, 1000, 1000, torch.Generator().manual_seed(0), Config((0.2, 0.4), (0.5, 2.0)))
    top, left, height, width = windows.double().unbind(1)
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 1000).all()
    assert (left + width <= 1000).all()
    area, log_aspect = height * width / 1e6, torch.log(width / height)
    # Uniform on [0.2, 0.4] and on [-ln 2, ln 2]: mean and SD, within five standard errors.
    for values, mean, sd in (
        (area, 0.3, 0.2 / math.sqrt(12)),
        (log_aspect, 0.0, math.log(4) / math.sqrt(12)),
    ):
        assert float(values.mean()) == pytest.approx(mean, abs=5 * sd / math.sqrt(20_000))
        assert float(values.std()) == pytest.approx(sd, rel=0.03)
    share = top / (1000 - height)
    assert float(share.mean()) == pytest.approx(0.5, abs=0.012)


def test_every_place_is_reached() -> None:
    # A window of 3 x 3 of 4 x 4 pixels lies at 0 or 1.
    config = Config((9 / 16, 9 / 16), (1.0, 1.0))
    windows = draw_windows(400, 4, 4, torch.Generator().manual_seed(0), config)
    places, counts = torch.unique(windows, dim=0, return_counts=True)
    assert places.tolist() == [[top, left, 3, 3] for top in (0, 1) for left in (0, 1)]
    assert counts.min() > 100 - 4 * 9


def test_where_no_window_fits_the_central_one_is_taken() -> None:
    generator = torch.Generator().manual_seed(0)
    # The whole area at an aspect of 1 fits in no image that is not square.
    config = Config((1.0, 1.0), (1.0, 1.0))
    assert draw_windows(1, 100, 60, generator, config).tolist() == [[20, 0, 60, 60]]
    assert draw_windows(1, 60, 100, generator, config).tolist() == [[0, 20, 60, 60]]


def test_an_images_window_does_not_depend_on_the_batch() -> None:
    def windows(num: int) -> torch.Tensor:
        return draw_windows(num, 32, 32, torch.Generator().manual_seed(0), USUAL)

    assert torch.equal(windows(30)[:10], windows(10))


def test_bad_knobs_are_refused() -> None:
    for scale, ratio in (((0.0, 1.0), (1.0, 1.0)), ((0.5, 0.4), (1.0, 1.0)), ((0.5, 1.5), (1.0, 1.0))):
        with pytest.raises(ConfigError, match="scale"):
            Config(scale, ratio)
    with pytest.raises(ConfigError, match="ratio"):
        random_resized_crop.Config((0.1, 1.0), (2.0, 1.0))
