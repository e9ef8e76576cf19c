"""Checks that several architectures share."""

from typing import Any

from lrwd.errors import ConfigError


def require_positive(config: Any, *names: str) -> None:
    """Check that knobs (numbers, or tuples of numbers) are above zero.

    Raises:
        ConfigError: one is not; the message names the knob and its value.
    """
    for name in names:
        value = getattr(config, name)
        values = value if isinstance(value, tuple) else (value,)
        if not values or min(values) <= 0:
            raise ConfigError(f"{name} is {value}; allowed: values above 0")


def require_rate(rate: float) -> None:
    """Check stochastic depth's probability of skipping a block.

    Raises:
        ConfigError: it is not in [0, 1).
    """
    if not 0 <= rate < 1:
        raise ConfigError(f"drop_path_rate is {rate}; allowed: 0 <= rate < 1")


def require_divisible(value: int, by: int, name: str, by_name: str) -> None:
    """Check that one knob is a multiple of another.

    Raises:
        ConfigError: it is not; the message names both.
    """
    if value % by:
        raise ConfigError(f"{name} ({value}) is not a multiple of {by_name} ({by})")


def patches_per_side(image_size: int, patch_size: int) -> int:
    """Number of patches along one side of the image.

    Raises:
        ConfigError: the patches do not tile the image.
    """
    if image_size % patch_size:
        fitting = [size for size in range(1, image_size + 1) if image_size % size == 0]
        raise ConfigError(
            f"patch_size {patch_size} does not divide the image size {image_size}; "
            f"allowed: {', '.join(map(str, fitting))}"
        )
    return image_size // patch_size
