"""A cell's schedule: the learning rate and the weight decay of every step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lrwd.errors import ConfigError
from lrwd.schedules._training import Training
from lrwd.train.configured_part import configured_part


@dataclass(frozen=True)
class Schedule:
    """A schedule computed for one training.

    lr_factors, wd_factors: shares of the peak for all steps (None: the learning rate is causal, the decay constant).
    causal_factor: the share of a step from the gradient norms up to it (None: all shares are known in advance).
    """

    training: Training
    lr_factors: list[float] | None
    wd_factors: list[float] | None
    causal_factor: Callable[[np.ndarray], float] | None

    def lr(self, step: int, norms: torch.Tensor | None) -> float:
        """The learning rate of a step (0-based).

        Args:
            step: t.
            norms: gradient norms of all steps; those after t are not read. Only needed if the schedule is causal.

        Returns:
            The learning rate. For a causal schedule it is NaN, so that the training diverges, if the norm of a gradient
            was 0 or not finite.
        """
        if self.causal_factor is None:
            assert self.lr_factors is not None
            return self.training.lr * self.lr_factors[step]
        assert norms is not None
        # On the CPU. Writing the norm of this step there waited for the backward pass on a GPU, once a step; a learning
        # rate known in advance does not.
        known = norms[: step + 1].numpy(force=True)
        if not np.all(np.isfinite(known) & (known > 0)):
            return float("nan")
        return self.training.lr * float(self.causal_factor(known))

    def wd(self, step: int) -> float | None:
        """The weight decay of a step (0-based) for the parameters that decay; None if it is constant."""
        return None if self.wd_factors is None else self.training.wd * self.wd_factors[step]


def build_schedule(recipe: Mapping[str, Any], training: Training) -> Schedule:
    """Compute a recipe's schedule for a training.

    Raises:
        ConfigError: a knob is unknown, missing, or does not fit the training (a warm-up longer than it, …).
    """
    name, where = recipe["schedule"]["name"], f"recipes.{recipe['name']}.schedule"
    module, config = configured_part("schedules", recipe["schedule"], where)
    try:
        if hasattr(module, "causal_factor"):
            return Schedule(training, None, None, lambda norms: module.causal_factor(config, training, norms))
        lr_factors = _checked(module.lr_factors(config, training), training, f"{name}.lr_factors")
        wd_factors = None
        if hasattr(module, "wd_factors"):
            wd_factors = _checked(module.wd_factors(config, training), training, f"{name}.wd_factors")
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return Schedule(training, lr_factors, wd_factors, None)


def check_schedule(recipe: Mapping[str, Any]) -> None:
    """Check a recipe's schedule before the number of images and a base cell's gradient norms are known.

    Raises:
        ConfigError: a knob is unknown, missing, or does not fit the number of epochs.
    """
    steps_per_epoch = 1000
    num_steps = steps_per_epoch * recipe["epochs"]
    trace = np.ones(num_steps) if "base" in recipe["schedule"] else None
    schedule = build_schedule(recipe, Training(1e-3, 0.1, num_steps, steps_per_epoch, trace))
    schedule.lr(0, torch.ones(1))


def _checked(factors: np.ndarray, training: Training, name: str) -> list[float]:
    """The shares as Python numbers, the type that optimizers and checkpoints hold."""
    if factors.shape != (training.num_steps,) or not np.all(np.isfinite(factors) & (factors >= 0)):
        raise ConfigError(f"{name} must return {training.num_steps} finite numbers >= 0, but does not")
    return factors.tolist()
