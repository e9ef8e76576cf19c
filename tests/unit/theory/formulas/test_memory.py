"""Retention, memory period, kappa and z against the recursion that they describe."""

import math

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.theory.formulas import memory


def test_what_is_left_of_the_initialisation() -> None:
    rng = np.random.default_rng(0)
    lr, wd = rng.uniform(0, 0.1, 50), rng.uniform(0, 3, 50)
    left, products = 1.0, []
    for eta, lam in zip(lr, wd, strict=True):
        left = left - eta * lam * left
        products.append(left)
    np.testing.assert_allclose(np.exp(memory.log_kept(lr, wd)), products, rtol=1e-12)
    # The post's exponential is above the product, and near it for small steps.
    assert np.all(np.exp(-memory.kappa(lr, wd)) >= products)
    np.testing.assert_allclose(np.exp(-memory.kappa(lr / 1e4, wd)), np.exp(memory.log_kept(lr / 1e4, wd)), rtol=1e-6)
    assert memory.retention(0.1, 2.0) == pytest.approx(0.8)


def test_z_is_its_sum_and_does_not_overflow() -> None:
    lr, wd = np.array([0.0, 0.1, 0.2, 0.05]), np.array([1.0, 2.0, 0.0, 3.0])
    kappa = [0.0, 0.2, 0.2, 0.35]
    z = np.cumsum([math.exp(k) * eta for k, eta in zip(kappa, lr, strict=True)])
    np.testing.assert_allclose(np.exp(memory.log_z(lr, wd)), z, rtol=1e-12)
    long = memory.log_z(np.full(100_000, 0.1), 1.0)
    # A geometric series whose largest term is its last: z_t = eta e**(0.1 t) / (1 - e**-0.1).
    assert long[-1] == pytest.approx(10_000 + math.log(0.1 / (1 - math.exp(-0.1))), rel=1e-9)


@pytest.mark.parametrize(("lr", "wd", "c"), [(0.01, 1.0, 0.5), (0.1, 2.0, 0.1), (1e-4, 0.1, 1 / math.e)])
def test_after_a_memory_period_the_share_c_is_left(lr: float, wd: float, c: float) -> None:
    assert (1 - lr * wd) ** memory.memory_period(lr, wd, c) == pytest.approx(c)
    approximate = memory.memory_period_approximate(lr, wd, c)
    assert approximate == pytest.approx(-math.log(c) / (lr * wd))
    # ln(1 - x) is below -x by x**2/2 and more: the approximation is too long, in proportion by about x/2.
    assert 0 < approximate / memory.memory_period(lr, wd, c) - 1 < 0.6 * lr * wd


def test_without_decay_nothing_is_forgotten() -> None:
    assert memory.memory_period(0.1, 0.0, 0.5) == math.inf
    assert memory.memory_period_approximate(0.1, 0.0, 0.5) == math.inf
    assert np.all(memory.log_kept(np.ones(3), 0.0) == 0.0)


@pytest.mark.parametrize(
    ("lr", "wd", "words"),
    [
        ([], 0.1, "one or more steps"),
        ([0.1, -0.1], 0.1, "lr has the value -0.1"),
        ([0.1, math.nan], 0.1, "lr has the value nan"),
        ([0.1], math.inf, "wd has the value inf"),
        ([0.1, 0.1], [0.1], "as long as lr, 2"),
        ([0.1, 0.5], 2.0, "lr\\*wd has the value 1.0"),
    ],
)
def test_sequences_that_no_training_has(lr: list[float], wd: list[float] | float, words: str) -> None:
    with pytest.raises(DataError, match=words):
        memory.kappa(np.array(lr), np.array(wd))
