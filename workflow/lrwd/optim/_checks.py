"""Checks of the ranges of optimizers' knobs."""

from lrwd.errors import ConfigError


def check_rates(name: str, *values: float) -> None:
    """Check decay rates of moving averages (momenta, betas).

    Raises:
        ConfigError: one is not in [0, 1).
    """
    if not all(0.0 <= value < 1.0 for value in values):
        shown = values[0] if len(values) == 1 else values
        raise ConfigError(f"{name}: {shown!r} must be in [0, 1)")


def check_positive(name: str, value: float) -> None:
    """Check a number that is used as a divisor.

    Raises:
        ConfigError: it is not > 0.
    """
    if value <= 0:
        raise ConfigError(f"{name}: {value!r} must be > 0")
