"""A recipe's rate of stochastic depth, which replaces the architecture's own."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from timm.layers import DropPath

from lrwd import registry
from lrwd.errors import ConfigError


def with_drop_path(arch: Mapping[str, Any], rate: float | None, where: str) -> dict[str, Any]:
    """An architecture's knobs with another rate of stochastic depth.

    Args:
        arch: the architecture's entry of config.yaml, with its name.
        rate: probability of skipping the last block, as the architecture defines it; None: the architecture's own.
        where: the rate's place in config.yaml, for messages.

    Raises:
        ConfigError: the model's Config has no such knob.

    Source: Huang et al. (2016), arXiv 1603.09382, in timm's form.
    """
    if rate is None:
        return dict(arch)
    knobs = {field.name for field in dataclasses.fields(registry.part("models", arch["model"]).Config)}
    if "drop_path_rate" in knobs:
        return {**arch, "drop_path_rate": rate}
    if "kwargs" in knobs:
        return {**arch, "kwargs": {**arch["kwargs"], "drop_path_rate": rate}}
    raise ConfigError(
        f"{where}: {rate} is not allowed, as model {arch['model']!r} has no drop_path_rate. Allowed: null"
    )


def check_drop_path(model: torch.nn.Module, rate: float | None, where: str) -> None:
    """Check that a network skips blocks if a rate is given; some models of timm accept the argument and ignore it.

    Raises:
        ConfigError: the rate is above 0, but no block has a probability of being skipped.
    """
    largest = max((layer.drop_prob for layer in model.modules() if isinstance(layer, DropPath)), default=0.0)
    if rate and not largest:
        raise ConfigError(
            f"{where}: {rate} is not allowed, as no block of the network can be skipped. Allowed: null, 0"
        )
