"""What every augmentation must keep to; a new file in lrwd/augment is found by itself."""

import dataclasses
from typing import Any

import pytest
import torch

from lrwd import registry

# Knobs to test each part with; a new part adds its own here.
KNOBS: dict[str, dict[str, Any]] = {
    "color_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1},
    "crop": {"padding": 4, "probability": 0.9},
    "flip": {"probability": 0.5},
    "randaugment": {"num_ops": 2, "magnitude": 9, "num_bins": 31},
    "random_resized_crop": {"scale": [0.08, 1.0], "ratio": [0.75, 1.3333]},
}


def images(num: int = 24, channels: int = 3, height: int = 16, width: int = 16) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (num, channels, height, width), generator=generator, dtype=torch.uint8)


def augment(name: str, batch: torch.Tensor, seed: int = 1) -> torch.Tensor:
    part = registry.part("augment", name)
    config = registry.build_config(part, KNOBS[name], name)
    return part.apply(batch, torch.Generator().manual_seed(seed), config)


def test_every_part_is_tested() -> None:
    assert registry.names("augment") == sorted(KNOBS)


@pytest.mark.parametrize("name", registry.names("augment"))
class TestEveryPart:
    @pytest.mark.parametrize("shape", [(3, 16, 16), (1, 8, 8), (3, 12, 20)])
    def test_shape_and_type_stay(self, name: str, shape: tuple[int, int, int]) -> None:
        batch = images(24, *shape)
        before = batch.clone()
        result = augment(name, batch)
        assert result.shape == batch.shape
        assert result.dtype == torch.uint8
        assert not torch.equal(result, batch)
        # The pixels may be the resident data set: they must not be written to.
        assert torch.equal(batch, before)

    def test_the_generators_seed_decides_alone(self, name: str) -> None:
        first = augment(name, images())
        torch.manual_seed(123)
        threads = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            assert torch.equal(first, augment(name, images()))
        finally:
            torch.set_num_threads(threads)
        assert not torch.equal(first, augment(name, images(), seed=2))

    def test_the_global_generator_is_not_touched(self, name: str) -> None:
        state = torch.get_rng_state()
        augment(name, images())
        assert torch.equal(state, torch.get_rng_state())

    def test_images_are_changed_each_in_its_own_way(self, name: str) -> None:
        same = images(1).expand(64, -1, -1, -1).contiguous()
        num_ways = len(torch.unique(augment(name, same).flatten(1), dim=0))
        assert num_ways >= 2 if name == "flip" else num_ways >= 16

    def test_memory_format_does_not_matter(self, name: str) -> None:
        last = images().contiguous(memory_format=torch.channels_last)
        assert torch.equal(augment(name, last), augment(name, images()))

    def test_config_is_frozen_and_has_no_default(self, name: str) -> None:
        config = registry.part("augment", name).Config
        assert config.__dataclass_params__.frozen
        assert all(field.default is dataclasses.MISSING for field in dataclasses.fields(config))
