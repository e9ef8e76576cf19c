"""All schedules in workflow/lrwd/schedules."""

import math
from typing import Any

import pytest

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.train.build import build_schedule

STEPS_PER_EPOCH, NUM_STEPS = 10, 30


@pytest.fixture(params=registry.names("schedules"))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def values(name: str, knobs: dict[str, Any], steps_per_epoch: int, num_steps: int) -> list[float]:
    schedule = build_schedule({"name": "x", "schedule": {"name": name, **knobs}})
    return [schedule(step=step, steps_per_epoch=steps_per_epoch, num_steps=num_steps) for step in range(num_steps)]


def example(name: str) -> dict[str, Any]:
    module = registry.part("schedules", name)
    assert hasattr(module, "EXAMPLE"), f"schedules/{name}.py has no EXAMPLE: knobs for three epochs, for the tests"
    return module.EXAMPLE


def test_shares_of_the_peak(name: str) -> None:
    shares = values(name, example(name), STEPS_PER_EPOCH, NUM_STEPS)
    assert all(0 < share <= 1 for share in shares)
    # The learning rate that a grid states is reached.
    assert max(shares) == pytest.approx(1, abs=1e-3)


def test_a_pure_function_of_the_step(name: str) -> None:
    module = registry.part("schedules", name)
    config = registry.build_config(module, example(name), "recipes.x.schedule")
    in_order = values(name, example(name), STEPS_PER_EPOCH, NUM_STEPS)
    backwards = [module.factor(config, step, STEPS_PER_EPOCH, NUM_STEPS) for step in reversed(range(NUM_STEPS))]
    assert backwards[::-1] == in_order


def test_cosine_by_hand() -> None:
    shares = values("cosine", {"warmup_epochs": 1}, steps_per_epoch=4, num_steps=12)
    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    assert shares[4] == 1.0  # cos(0): the first step after the warm-up
    assert shares[8] == pytest.approx(0.5)  # half of the way down
    assert shares[6] == pytest.approx((1 + math.sqrt(0.5)) / 2)  # a quarter
    assert shares[11] == pytest.approx((1 - math.cos(math.pi / 8)) / 2)  # one step before zero
    assert shares[11] > 0


def test_cosine_mean_is_a_half() -> None:
    # sum of cos over a whole number of steps of half a turn: 1 is left, from both ends being counted once.
    shares = values("cosine", {"warmup_epochs": 0}, steps_per_epoch=10, num_steps=100)
    assert sum(shares) == pytest.approx(100 / 2 + 0.5)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(("warmup_epochs", "steps"), [(0.25, 1), ("5e-1", 2), (1.5, 6)])
def test_cosine_warms_up_by_step(warmup_epochs: Any, steps: int) -> None:
    shares = values("cosine", {"warmup_epochs": warmup_epochs}, steps_per_epoch=4, num_steps=12)
    assert shares[:steps] == [(step + 1) / steps for step in range(steps)]
    assert shares[steps] == 1.0
    assert shares[steps + 1] < 1.0


@pytest.mark.parametrize("warmup_epochs", [3, 3.5, 100])
def test_cosine_warm_up_must_end(warmup_epochs: float) -> None:
    words = rf"warmup_epochs: {float(warmup_epochs)} \({round(warmup_epochs * 10)} steps\) must be shorter than"
    with pytest.raises(ConfigError, match=rf"{words} the training \(30 steps\)"):
        values("cosine", {"warmup_epochs": warmup_epochs}, STEPS_PER_EPOCH, NUM_STEPS)


def test_cosine_negative_warm_up() -> None:
    with pytest.raises(ConfigError, match=r"recipes.x.schedule: warmup_epochs: -1.0 is negative"):
        values("cosine", {"warmup_epochs": -1}, STEPS_PER_EPOCH, NUM_STEPS)
