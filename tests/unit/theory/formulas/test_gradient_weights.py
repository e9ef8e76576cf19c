"""The weights of gradients against loops that carry every gradient's weight through the recursion."""

import time

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.theory.formulas.gradient_weights import gradient_weights, static_gradient_weights, update_weights

RNG = np.random.default_rng(1)
SCHEDULES = {
    "constant": (np.full(40, 0.02), np.full(40, 1.5)),
    "cosine": (0.05 * (1 + np.cos(np.pi * np.arange(40) / 40)), np.full(40, 2.0)),
    "to zero": (np.linspace(0.1, 0.0, 40), np.full(40, 1.0)),
    "any": (RNG.uniform(0, 0.1, 40), RNG.uniform(0, 5, 40)),
    "no decay": (RNG.uniform(0, 0.1, 40), np.zeros(40)),
}


def expanded(lr: np.ndarray, wd: np.ndarray, beta: float, decay) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Coefficients of g_1 … g_t in theta_t (less its initialisation), with u_t = m_t: the recursion, written out."""
    num = len(lr)
    theta, m = np.zeros(num), np.zeros(num)
    for step in range(num):
        m = beta * m
        m[step] += 1 - beta
        theta = decay(lr[step] * wd[step]) * theta + lr[step] * m
    return theta


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
@pytest.mark.parametrize("name", SCHEDULES)
def test_direct_expansion_of_the_recursion(name: str, beta: float) -> None:
    lr, wd = SCHEDULES[name]
    for form, decay in (("exact", lambda x: 1 - x), ("exponential", lambda x: np.exp(-x))):
        total = expanded(lr, wd, 0.0, decay).sum()  # z_t e**-kappa_t
        weights = gradient_weights(lr, wd, beta, form)
        np.testing.assert_allclose(weights, expanded(lr, wd, beta, decay) / total, rtol=1e-9, atol=1e-15)
        np.testing.assert_allclose(update_weights(lr, wd, form), expanded(lr, wd, 0.0, decay), rtol=1e-9)


def test_eq_13_and_the_static_closed_form() -> None:
    lr, wd = SCHEDULES["any"]
    kappa = np.cumsum(lr * wd)
    plain = np.exp(kappa) * lr / np.sum(np.exp(kappa) * lr)
    np.testing.assert_allclose(gradient_weights(lr, wd, 0.0, "exponential"), plain, rtol=1e-12)
    for beta in (0.0, 0.9, 0.99):
        static = static_gradient_weights(0.02, 1.5, beta, 40)
        np.testing.assert_allclose(gradient_weights(*SCHEDULES["constant"], beta, "exact"), static, rtol=1e-9)


def test_the_exponential_form_is_the_exact_one_for_small_steps() -> None:
    lr, wd = SCHEDULES["cosine"]
    far = np.abs(gradient_weights(lr, wd, 0.9, "exponential") / gradient_weights(lr, wd, 0.9, "exact") - 1)
    near = np.abs(gradient_weights(lr, wd / 1e3, 0.9, "exponential") / gradient_weights(lr, wd / 1e3, 0.9, "exact") - 1)
    assert far.max() > 1e-2
    assert near.max() < 1e-6


def test_a_long_training_with_strong_decay_is_quick_and_finite() -> None:
    lr = 0.1 * (1 + np.cos(np.pi * np.arange(100_000) / 100_000)) / 2
    started = time.perf_counter()
    weights = gradient_weights(lr, 5.0, 0.9, "exponential")  # kappa_t = 25,000: e**kappa_t overflows
    assert time.perf_counter() - started < 1.0
    assert np.all(np.isfinite(weights))
    assert weights.sum() == pytest.approx(1.0, abs=1e-3)
    assert gradient_weights(lr, 5.0, 0.0, "exact").sum() == pytest.approx(1.0)


@pytest.mark.parametrize("beta", [-0.1, 1.0])
def test_a_beta_that_is_none(beta: float) -> None:
    with pytest.raises(DataError, match="beta is"):
        gradient_weights(np.ones(2), 0.1, beta, "exact")


def test_refusals() -> None:
    with pytest.raises(DataError, match="every lr is 0"):
        gradient_weights(np.zeros(3), 0.1, 0.0, "exact")
    with pytest.raises(DataError, match="allowed: exact, exponential"):
        update_weights(np.ones(2), 0.1, "taylor")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="closed form"):
        static_gradient_weights(0.1, 0.0, 0.9, 5)
    with pytest.raises(DataError, match="closed form"):
        static_gradient_weights(0.1, 1.0, 0.9, 5)
