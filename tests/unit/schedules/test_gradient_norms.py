"""The schedules of post 003: against loops over its formulas, and against the learning rates that bounds hold for."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from shares import NORMS, NUM_STEPS, schedule_of, shares, training

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.theory.formulas import norm_schedules, norm_shares

G = NORMS.tolist()
T = NUM_STEPS
TRACED = ("inverse_square_trace", "last_iterate_trace", "warmup_decay_trace")


def raw(name: str, norms: np.ndarray = NORMS) -> np.ndarray:
    """Shares of a schedule from a trace, without a filter."""
    return shares(name, {"base": "first", "filter_width": 0}, base_trace=norms, num_steps=len(norms))


def causal(name: str, norms: np.ndarray = NORMS) -> np.ndarray:
    """Shares of a causal schedule, asked for step by step."""
    module, whole = registry.part("schedules", name), training(num_steps=len(norms))
    return np.array([module.causal_factor(module.Config(), whole, norms[: t + 1]) for t in range(len(norms))])


def q(t: int) -> float:
    """Q_t = sum_{k<=t} G_k^-2, t from 1."""
    return sum(g**-2 for g in G[:t])


def v(t: int) -> float:
    """V_t = sum_{k<=t} G_k^2 / max(1, t - k), t from 1."""
    return sum(G[k - 1] ** 2 / max(1, t - k) for k in range(1, t + 1))


# With R = 1, as the post writes them.
FORMULAS: dict[str, Callable[[int], float]] = {
    "adagrad_norm": lambda t: 1 / math.sqrt(sum(g**2 for g in G[:t])),
    "inverse_square_causal": lambda t: G[t - 1] ** -2 / math.sqrt(q(t)),
    "inverse_square_trace": lambda t: G[t - 1] ** -2 / math.sqrt(q(T)),
    "last_iterate_causal": lambda t: 1 / math.sqrt(T * v(t)),
    "last_iterate_trace": lambda t: 1 / math.sqrt(T * v(t)),
    "warmup_decay_trace": lambda t: G[t - 1] ** -2 / math.sqrt(q(T)) * (1 - q(t) / q(T)),
    "warmup_decay_causal": lambda t: G[t - 1] ** -2 / math.sqrt(q(t)) * (1 - t / T),
}
# R: 1 over the largest rate for a trace; for causal ones what makes the first share 1 (but for 1 - t/T).
SCALES = {"last_iterate_causal": G[0] * math.sqrt(T)}


@pytest.mark.parametrize("name", FORMULAS)
def test_against_the_post(name: str) -> None:
    expected = np.array([FORMULAS[name](t) for t in range(1, T + 1)])
    if name in TRACED:
        assert raw(name) == pytest.approx(expected / max(expected), rel=1e-9, abs=1e-12)
    else:
        assert causal(name) == pytest.approx(expected * SCALES.get(name, G[0]), rel=1e-9, abs=1e-12)


def test_every_schedule_from_norms_is_tested() -> None:
    made_from_norms = {
        name
        for name in registry.names("schedules")
        if hasattr(registry.part("schedules", name), "causal_factor")
        or "base" in registry.part("schedules", name).Config.__dataclass_fields__
    }
    assert made_from_norms == set(FORMULAS)


def test_what_trains_is_what_the_bounds_are_of() -> None:
    """The shares of the trainings are the learning rates of the theory, up to their scale."""
    for name, rates in (
        ("inverse_square_trace", norm_schedules.inverse_square(NORMS, 1.0)),
        ("warmup_decay_trace", norm_schedules.warmup_decay(NORMS, 1.0)),
        ("last_iterate_trace", norm_schedules.last_iterate_causal(NORMS, 1.0, T)),
    ):
        assert raw(name) == pytest.approx(rates / rates.max(), rel=1e-9, abs=1e-12)
    for name, rates in (
        ("adagrad_norm", norm_schedules.adagrad_norm(NORMS, G[0])),
        ("inverse_square_causal", norm_schedules.inverse_square_causal(NORMS, G[0])),
        ("last_iterate_causal", norm_schedules.last_iterate_causal(NORMS, G[0] * math.sqrt(T), T)),
        ("warmup_decay_causal", norm_schedules.warmup_decay_causal(NORMS, G[0], T)),
    ):
        assert causal(name) == pytest.approx(rates, rel=1e-9, abs=1e-12)


def test_gradients_of_one_norm() -> None:
    """Then all is known: constant, 1/sqrt(t), linear decay."""
    same, t = np.full(12, 0.7), np.arange(1, 13)
    assert raw("inverse_square_trace", same) == pytest.approx(1)
    assert raw("warmup_decay_trace", same) == pytest.approx((1 - t / 12) / (1 - 1 / 12))
    assert causal("adagrad_norm", same) == pytest.approx(t**-0.5)
    assert causal("inverse_square_causal", same) == pytest.approx(t**-0.5)
    assert causal("warmup_decay_causal", same) == pytest.approx(t**-0.5 * (1 - t / 12))
    harmonic = 1 + np.concatenate([[0], np.cumsum(1 / np.arange(1, 12))])
    assert causal("last_iterate_causal", same) == pytest.approx(harmonic**-0.5)
    assert raw("last_iterate_trace", same) == pytest.approx(harmonic**-0.5)


def test_large_gradients_first_make_a_warm_up_then_a_decay() -> None:
    norms = 1 + 4 * np.exp(-np.arange(100) / 10)
    values = raw("warmup_decay_trace", norms)
    top = int(values.argmax())
    assert 5 < top < 60
    assert np.all(np.diff(values[: top + 1]) > 0)
    assert np.all(np.diff(values[top:]) < 0)
    assert values[-1] == 0


@pytest.mark.parametrize("name", FORMULAS)
def test_the_unit_of_the_loss_is_of_no_matter(name: str) -> None:
    made = raw if name in TRACED else causal
    assert made(name, 1000 * NORMS) == pytest.approx(made(name), rel=1e-9)


def test_the_sum_of_recent_norms_is_never_below_its_newest_term() -> None:
    """The Fourier transform's rounding error, relative to the largest norm, reaches neither theory nor trainings."""
    norms = np.ones(50)
    norms[40] = 1e12
    assert np.all(norm_shares.recent_sum(norms) >= norms**2)
    assert norm_schedules.last_iterate_causal(norms, 1.0, 50).max() <= 50**-0.5


def test_norms_of_many_orders() -> None:
    """A spike late in the run does not reach the steps before it: by rounding a little, and never below 0."""
    norms, expected = np.ones(50), raw("last_iterate_trace", np.ones(50))
    norms[40] = 1e4
    assert raw("last_iterate_trace", norms)[:40] == pytest.approx(expected[:40], rel=1e-6)
    norms[40] = 1e12
    assert np.all((raw("last_iterate_trace", norms) > 0) & (raw("last_iterate_trace", norms) <= 1))


def test_the_filter_takes_out_spikes_and_keeps_the_course() -> None:
    course = np.linspace(3, 1, 200)
    norms = course.copy()
    norms[[20, 90, 91, 150]] *= 30
    filtered = shares("inverse_square_trace", {"base": "x", "filter_width": 0.1}, base_trace=norms, num_steps=200)
    # Away from the ends a median of a straight line is that line; a spike moves it by less than a step's difference.
    middle = slice(12, -12)
    assert filtered[middle] / filtered[100] == pytest.approx((course[middle] / course[100]) ** -2, rel=0.03)


def test_the_filter_by_hand() -> None:
    """Width 5 of 10 steps: the first norm continues to the left, the last ones are mirrored."""
    norms = np.array([9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0, 10.0])
    around = [9, 9, *norms, 5, 4]
    medians = np.array([sorted(around[t : t + 5])[2] for t in range(10)])
    values = shares("inverse_square_trace", {"base": "x", "filter_width": 0.4}, base_trace=norms, num_steps=10)
    assert values == pytest.approx(medians**-2 / max(medians**-2))


@pytest.mark.parametrize("width", [-0.1, 1, 1.5])
def test_a_width_that_is_none(width: float) -> None:
    for name in TRACED:
        with pytest.raises(ConfigError, match=rf"^recipes.x.schedule: filter_width: {float(width)} is not allowed"):
            schedule_of(name, {"base": "first", "filter_width": width})


def test_one_step_leaves_nothing_to_decay() -> None:
    with pytest.raises(ConfigError, match=r"^recipes.x.schedule: it is 0 in all of 1 steps"):
        schedule_of("warmup_decay_trace", {"base": "first", "filter_width": 0}, num_steps=1, base_trace=np.ones(1))
