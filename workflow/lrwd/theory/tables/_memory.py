"""What trainings of one epoch remember of their batches, as arrays, and the family of shapes that it is fitted with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrwd import paper
from lrwd.stats.shape_fit import ShapeFit, fit_shape
from lrwd.theory.formulas._sequences import Floats
from lrwd.theory.formulas.gradient_weights import gradient_weights

# Memory periods that are tried: from SHORTEST steps to LONGEST times the training. With longer periods the decay within
# the training is too small to be distinguished from none.
SHORTEST, LONGEST, NUM_PERIODS = 1.5, 30.0, 160


@dataclass(frozen=True, eq=False)
class Remembered:
    """Trainings that differ in their seed only.

    lr, wd: rates of every step, (T,). margin: label margin of every step, in nats, NaN where num_wrong, the number of
    its wrongly labelled images, is 0; loss_gap: loss on unseen images less that on the batch; (S, T) each.
    """

    recipe: str
    schedule: str
    arch: str
    peak_lr: float
    peak_wd: float
    beta1: float
    lr: Floats
    wd: Floats
    margin: Floats
    num_wrong: Floats
    loss_gap: Floats

    @property
    def key(self) -> dict[str, Any]:
        """The first columns of every table of memory."""
        return {
            "arch": self.arch,
            "recipe": self.recipe,
            "schedule": self.schedule,
            "lr": self.peak_lr,
            "wd": self.peak_wd,
            "lr_wd": self.peak_lr * self.peak_wd,
            "num_seeds": len(self.margin),
            "num_steps": len(self.lr),
        }

    def decay(self, peak: float) -> Floats:
        """The decay of every step with another peak; constant if the training had no decay."""
        return peak * (self.wd / self.peak_wd if self.peak_wd else np.ones(len(self.wd)))

    def weights(self, wd: Floats | None = None) -> Floats:
        """Predicted weight of each step's gradient, times T, for the decay trained with or another one, (T,)."""
        return len(self.lr) * gradient_weights(self.lr, self.wd if wd is None else wd, self.beta1, "exact")


def remembered(records: Sequence[dict[str, Any]]) -> list[Remembered]:
    """The trainings of a study with ``measure_memory``, grouped; diverged ones have no measurement."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        if record["memory"] is not None:
            spec = record["spec"]
            key = (spec["arch"]["name"], spec["recipe"]["name"], spec["lr"], spec["wd"])
            groups.setdefault(key, []).append(record)
    return [_group(members) for members in groups.values()]


def fit_period(found: Remembered) -> ShapeFit:
    """Memory period, in steps at the peak learning rate, whose predicted weights fit the label margins best.

    The family is beta_bar_1(j, T) of the training's own schedule with the decay scaled to another peak d; the period is
    1/(lr d).
    """
    periods = np.geomspace(SHORTEST, LONGEST * len(found.lr), NUM_PERIODS)
    shapes = np.array([found.weights(found.decay(1.0 / (found.peak_lr * period))) for period in periods])
    return fit_shape(found.margin, found.num_wrong, periods, shapes, paper.CI_LEVEL)


def _group(records: Sequence[dict[str, Any]]) -> Remembered:
    spec, memory = records[0]["spec"], [record["memory"] for record in records]

    def rows(name: str) -> Floats:
        return np.array([[np.nan if value is None else value for value in one[name]] for one in memory])

    unseen = np.array([[one["unseen_loss"]] for one in memory], dtype=float)
    return Remembered(
        recipe=spec["recipe"]["name"],
        schedule=spec["recipe"]["schedule"]["name"],
        arch=spec["arch"]["name"],
        peak_lr=spec["lr"],
        peak_wd=spec["wd"],
        beta1=spec["recipe"]["optimizer"]["betas"][0],
        lr=np.array(memory[0]["lr"]),
        wd=np.array(memory[0]["wd"]),
        margin=rows("label_margin"),
        num_wrong=rows("num_wrong"),
        loss_gap=unseen - rows("loss"),
    )
