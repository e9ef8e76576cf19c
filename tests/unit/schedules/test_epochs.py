"""Schedules that follow epochs: by hand, and what does not fit into the training."""

from typing import Any

import numpy as np
import pytest
from shares import schedule_of, shares

from lrwd.errors import ConfigError


def test_step_decay_of_the_paper() -> None:
    values = shares(
        "step",
        {"warmup_epochs": 10, "milestones": [30, 60, 80], "gamma": 0.1},
        steps_per_epoch=4,
        num_steps=360,
    )
    assert values[:40].tolist() == [(step + 1) / 40 for step in range(40)]
    for epoch, share in ((10, 1), (29.75, 1), (30, 0.1), (59.75, 0.1), (60, 0.01), (80, 0.001), (89.75, 0.001)):
        assert values[int(4 * epoch)] == pytest.approx(share, rel=1e-12), epoch


def test_warm_up_stable_decay() -> None:
    values = shares("wsd", {"warmup_epochs": 0.5, "decay_epochs": 1}, steps_per_epoch=4, num_steps=12)
    assert values.tolist() == [0.5, 1, 1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_restarts_grow() -> None:
    values = shares(
        "cosine_restarts",
        {"warmup_epochs": 0, "first_cycle_epochs": 1, "cycle_mult": 2},
        steps_per_epoch=10,
        num_steps=75,
    )
    assert np.flatnonzero(values == 1).tolist() == [0, 10, 30, 70]
    assert values[5] == pytest.approx(0.5)
    assert values[20] == pytest.approx(0.5)
    assert values[50] == pytest.approx(0.5)


def test_exponential_is_gamma_an_epoch() -> None:
    values = shares("exponential", {"warmup_epochs": 0, "gamma": 0.3}, steps_per_epoch=7, num_steps=35)
    assert values[::7] == pytest.approx([1, 0.3, 0.09, 0.027, 0.0081])
    assert values[1:] / values[:-1] == pytest.approx(0.3 ** (1 / 7))


WARM = {"warmup_epochs": 0.5}


@pytest.mark.parametrize(
    ("name", "knobs", "words"),
    [
        ("exponential", {**WARM, "gamma": 1}, r"gamma: 1.0 is not allowed; it is in \(0, 1\)"),
        ("exponential", {**WARM, "gamma": -0.5}, "gamma: -0.5 is not allowed"),
        (
            "exponential",
            {"warmup_epochs": 3, "gamma": 0.5},
            "warmup_epochs: 3.0 .30 steps. must be shorter than the tr",
        ),
        ("step", {**WARM, "milestones": [1], "gamma": 0}, "gamma: 0.0 is not allowed"),
        (
            "step",
            {**WARM, "milestones": [], "gamma": 0.1},
            r"milestones: \[\] is not allowed; give epochs in ascending",
        ),
        ("step", {**WARM, "milestones": [2, 1], "gamma": 0.1}, r"milestones: \[2.0, 1.0\] is not allowed"),
        ("step", {**WARM, "milestones": [1, 1], "gamma": 0.1}, r"milestones: \[1.0, 1.0\] is not allowed"),
        ("step", {**WARM, "milestones": [1, 3], "gamma": 0.1}, r"milestones: 3.0 \(step 30\) .* ends after 30 steps"),
        ("step", {**WARM, "milestones": [0.4], "gamma": 0.1}, "milestones: 0.4 .* not before the end of the warm-up"),
        ("step", {"warmup_epochs": 0, "milestones": [0], "gamma": 0.1}, "milestones: 0.0 .* after the start"),
        ("wsd", {**WARM, "decay_epochs": 0}, "decay_epochs: 0.0 is not allowed; it is > 0"),
        ("wsd", {**WARM, "decay_epochs": 0.01}, r"decay_epochs: 0.01 \(0 steps\) .* at least one step"),
        (
            "wsd",
            {**WARM, "decay_epochs": 2.6},
            r"2.6 \(26 steps\) .* with a warm-up of 5 steps, fits into .* \(30 steps\)",
        ),
        ("wsd", {"warmup_epochs": 3, "decay_epochs": 1}, "decay_epochs: 1.0 .* with a warm-up of 30 steps"),
        (
            "cosine_restarts",
            {**WARM, "first_cycle_epochs": 0, "cycle_mult": 1},
            "first_cycle_epochs: 0.0 is not allowed",
        ),
        ("cosine_restarts", {**WARM, "first_cycle_epochs": 1, "cycle_mult": 0.5}, "cycle_mult: 0.5 .* it is >= 1"),
        (
            "cosine_restarts",
            {**WARM, "first_cycle_epochs": 2.5, "cycle_mult": 1},
            r"2.5 \(25 steps\) .* warm-up \(25 st",
        ),
        ("cosine_restarts", {**WARM, "first_cycle_epochs": 0.01, "cycle_mult": 1}, r"0.01 \(0 steps\) .* at least one"),
        ("cyclical", {"cycle_epochs": 0, "floor": 0}, "cycle_epochs: 0.0 is not allowed; it is > 0"),
        ("cyclical", {"cycle_epochs": 1, "floor": 1}, r"floor: 1.0 is not allowed; it is in \[0, 1\)"),
        (
            "cyclical",
            {"cycle_epochs": 3.2, "floor": 0},
            r"cycle_epochs: 3.2 \(32 steps\) .* not longer than the training",
        ),
        ("cyclical", {"cycle_epochs": 0.1, "floor": 0}, r"cycle_epochs: 0.1 \(0 steps\) .* at least two steps"),
        *[
            (name, {"warmup_epochs": value}, "warmup_epochs: ")
            for name in ("constant", "linear", "equal_weight", "equal_weight_both", "equal_weight_recursion")
            for value in (-1, 3)
        ],
    ],
)
def test_knobs_that_do_not_fit(name: str, knobs: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=rf"^recipes.x.schedule: .*{words}"):
        schedule_of(name, knobs)
