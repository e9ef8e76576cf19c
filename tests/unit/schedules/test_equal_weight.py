"""The schedules of post 000: closed forms, and that every step has the same weight in the end."""

import math

import numpy as np
import pytest
from shares import schedule_of, shares, training

from lrwd import registry

NO_WARMUP = {"warmup_epochs": 0}
PEAK = {"lr": 0.02, "wd": 3.0, "num_steps": 400, "steps_per_epoch": 10}


def rates(name: str, **changes: float) -> np.ndarray:
    return shares(name, NO_WARMUP, **{**PEAK, **changes}) * PEAK["lr"]


def weights_of_steps(lr: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """What step j's update counts for in the end, update by update: eta_j times what every later step keeps of it."""
    counted = []
    for j in range(len(lr)):
        weight = lr[j]
        for i in range(j + 1, len(lr)):
            weight *= kept[i]
        counted.append(weight)
    return np.array(counted)


def test_closed_forms() -> None:
    single, both = rates("equal_weight"), rates("equal_weight_both")
    for s in (0, 1, 17, 399):
        assert single[s] == pytest.approx(0.02 / (3.0 * 0.02 * s + 1), rel=1e-12)
        assert both[s] == pytest.approx(0.02 / math.sqrt(2 * 3.0 * 0.02 * s + 1), rel=1e-12)


def test_the_decay_follows_the_rate() -> None:
    schedule = schedule_of("equal_weight_both", NO_WARMUP, **PEAK)
    for step in range(400):
        wd = schedule.wd(step)
        assert wd is not None
        assert wd / schedule.lr(step, None) == pytest.approx(3.0 / 0.02)
    assert schedule_of("equal_weight", NO_WARMUP).wd(7) is None


def test_the_closed_form_is_exact_for_the_decay_of_adamw() -> None:
    lr = rates("equal_weight")
    weights = weights_of_steps(lr, 1 - 3.0 * lr)
    assert weights == pytest.approx(weights[-1], rel=1e-12)
    # And forgetting is real here: a constant rate's first step is all but forgotten.
    assert weights_of_steps(np.full(400, 0.02), np.full(400, 1 - 3.0 * 0.02))[0] < 1e-10 * 0.02


def test_the_recursion_is_exact_for_exponential_decay() -> None:
    lr = rates("equal_weight_recursion")
    assert lr[0] == 0.02
    assert lr[:-1] == pytest.approx(lr[1:] * np.exp(3.0 * lr[1:]), rel=1e-12)
    weights = weights_of_steps(lr, np.exp(-3.0 * lr))
    assert weights == pytest.approx(weights[-1], rel=1e-10)


def test_the_recursion_by_bisection() -> None:
    """An independent solver of eta * e^(lambda * eta) = what it was before."""
    expected, before = [0.02], 0.02
    for _ in range(50):
        low, high = 0.0, before
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (low, middle) if middle * math.exp(3.0 * middle) > before else (middle, high)
        before = low
        expected.append(before)
    assert rates("equal_weight_recursion")[:51] == pytest.approx(expected, rel=1e-9)


def test_the_closed_forms_approximate_the_recursion() -> None:
    exact, single = rates("equal_weight_recursion"), rates("equal_weight")
    # ln W(x)/x differs from -ln(1 + x) at second order: lambda*eta is 0.06 at first, and soon less.
    assert np.abs(single / exact - 1).max() < 0.06
    finer = {"lr": 0.0002, "num_steps": 40000}
    near = shares("equal_weight_recursion", NO_WARMUP, **{**PEAK, **finer})
    assert near == pytest.approx(shares("equal_weight", NO_WARMUP, **{**PEAK, **finer}), rel=0.0006)


def test_both_keep_the_weights_of_steps_nearly_equal() -> None:
    """Eq. 17 solves the differential equation; what it misses is of the order of lambda*eta."""
    lr = rates("equal_weight_both", lr=0.02)
    weights = weights_of_steps(lr, 1 - (3.0 / 0.02) * lr**2)
    assert weights.min() / weights.max() > 1 - 0.07


@pytest.mark.parametrize("name", ["equal_weight", "equal_weight_both", "equal_weight_recursion"])
def test_without_decay_every_step_counts_alike_anyway(name: str) -> None:
    assert shares(name, NO_WARMUP, wd=0.0).tolist() == [1.0] * 30


@pytest.mark.parametrize("name", ["equal_weight", "equal_weight_both", "equal_weight_recursion"])
def test_counts_from_the_end_of_a_warm_up(name: str) -> None:
    warm = shares(name, {"warmup_epochs": 0.5})
    assert warm[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert warm[5:].tolist() == shares(name, NO_WARMUP)[:25].tolist()


def test_the_decay_warms_up_too() -> None:
    module = registry.part("schedules", "equal_weight_both")
    config = module.Config(warmup_epochs=0.5)
    assert np.array_equal(module.wd_factors(config, training()), module.lr_factors(config, training()))
