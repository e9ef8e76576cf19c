"""Schedules by name, in a training of three epochs with ten steps each."""

import dataclasses
from typing import Any

import numpy as np

from lrwd import registry
from lrwd.schedules._training import Training
from lrwd.train.schedule import Schedule, build_schedule

STEPS_PER_EPOCH, NUM_STEPS = 10, 30
# Gradient norms that fall, then stay, with the noise of small batches.
NORMS = (3 * np.exp(-np.arange(NUM_STEPS) / 5) + 0.5) * np.random.default_rng(0).uniform(0.8, 1.25, NUM_STEPS)


def training(**changes: Any) -> Training:
    """The training that schedules are made for."""
    plain = Training(lr=0.02, wd=0.5, num_steps=NUM_STEPS, steps_per_epoch=STEPS_PER_EPOCH, base_trace=NORMS)
    return dataclasses.replace(plain, **changes)


def schedule_of(name: str, knobs: dict[str, Any], **changes: Any) -> Schedule:
    """A schedule built as a cell's is."""
    return build_schedule({"name": "x", "schedule": {"name": name, **knobs}}, training(**changes))


def shares(name: str, knobs: dict[str, Any], **changes: Any) -> np.ndarray:
    """Shares of the peak learning rate of all steps."""
    module = registry.part("schedules", name)
    return module.lr_factors(registry.build_config(module, knobs, "recipes.x.schedule"), training(**changes))


def example(name: str) -> dict[str, Any]:
    """A schedule's knobs for tests."""
    module = registry.part("schedules", name)
    assert hasattr(module, "EXAMPLE"), f"schedules/{name}.py has no EXAMPLE: knobs for three epochs, for the tests"
    return module.EXAMPLE
