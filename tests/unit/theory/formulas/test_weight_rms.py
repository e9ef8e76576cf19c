"""The weight RMS against a simulated AdamW that is fed with noise, and against its limits."""

import time

import numpy as np
import pytest

from lrwd.theory.formulas.weight_rms import asymptotic_rms, transient_rms


def test_the_transient_is_the_recursion() -> None:
    rng = np.random.default_rng(0)
    lr, wd = rng.uniform(0, 0.1, 60), rng.uniform(0, 5, 60)
    q, found = 0.3**2, []
    for eta, lam in zip(lr, wd, strict=True):
        q = (1 - eta * lam) ** 2 * q + eta**2
        found.append(q**0.5)
    np.testing.assert_allclose(transient_rms(lr, wd, 0.3, 0.0), found, rtol=1e-12)


def test_it_tends_to_the_asymptote_from_both_sides() -> None:
    lr = np.full(100_000, 0.01)
    limit = float(asymptotic_rms(0.01, 0.5))
    assert limit == pytest.approx(0.1)
    for first in (0.0, 0.01, 1.0):
        path = transient_rms(lr, 0.5, first, 0.0)
        assert path[-1] == pytest.approx(limit, rel=2e-3)  # 1/(1 - eta lambda/2)**0.5 above it
        assert np.all(np.diff(path) <= 1e-12) if first > limit else np.all(np.diff(path) >= -1e-12)
    closed = np.sqrt(np.exp(-2 * 0.005 * 100) * 0.3**2 + limit**2 * (1 - np.exp(-2 * 0.005 * 100)))
    assert transient_rms(lr, 0.5, 0.3, 0.0)[99] == pytest.approx(closed, rel=5e-3)


def test_without_decay_it_is_a_random_walk() -> None:
    """RMS = eta sqrt(t): the post's sqrt(eta t) is off by sqrt(eta), as doubling eta must double every step."""
    path = transient_rms(np.full(400, 0.01), 0.0, 0.0, 0.0)
    assert path[399] == pytest.approx(0.01 * np.sqrt(400))
    assert path[399] != pytest.approx(np.sqrt(0.01 * 400), rel=0.5)
    assert asymptotic_rms(0.01, 0.0) == np.inf


def test_a_long_training_is_quick() -> None:
    started = time.perf_counter()
    path = transient_rms(np.full(100_000, 1e-3), 1e-1, 0.02, 0.9)
    assert time.perf_counter() - started < 1.0
    assert path[-1] == pytest.approx(float(asymptotic_rms(1e-3, 1e-1)), rel=1e-3)


@pytest.mark.parametrize("beta1", [0.0, 0.9])
def test_adamw_on_pure_noise(beta1: float) -> None:
    """theta under AdamW's own recursion, with gradients of no signal, six million numbers in all."""
    rng = np.random.default_rng(2)
    lr, wd, num_steps, num_params = 0.02, 1.0, 400, 16_000
    theta, m, v = np.zeros(num_params), np.zeros(num_params), np.zeros(num_params)
    measured = []
    for step in range(1, num_steps + 1):
        g = rng.standard_normal(num_params)
        m, v = beta1 * m + (1 - beta1) * g, 0.999 * v + 0.001 * g**2
        update = m / (1 - beta1**step) / np.sqrt(v / (1 - 0.999**step))
        theta = (1 - lr * wd) * theta - lr * update
        measured.append(np.sqrt(np.mean(theta**2)))
    predicted = transient_rms(np.full(num_steps, lr), wd, 0.0, beta1)
    np.testing.assert_allclose(np.array(measured)[49:], predicted[49:], rtol=0.03)
    # With momentum longer than a small part of the memory, here 10 of 50 steps, the asymptote is too high.
    share = measured[-1] / float(asymptotic_rms(lr, wd))
    assert share == pytest.approx(
        1.0 if beta1 == 0 else np.sqrt(0.1 / 1.9 * (1 + 0.98 * 0.9) / (1 - 0.98 * 0.9)), rel=0.03
    )
