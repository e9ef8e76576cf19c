"""Schedules of equal weight: what they promise, step by step, and which of them is exact for what."""

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.theory.formulas.equal_weight import (
    equal_weight,
    equal_weight_both,
    equal_weight_both_exact,
    equal_weight_both_recursion,
    equal_weight_recursion,
)
from lrwd.theory.formulas.gradient_weights import gradient_weights

NUM = 500


def spread(weights: np.ndarray) -> float:
    """Largest distance from 1/t, as a share of it."""
    return float(np.abs(weights * len(weights) - 1).max())


def test_eq_16_is_exact_for_adamws_own_products() -> None:
    lr = equal_weight(0.1, 2.0, NUM)
    assert spread(gradient_weights(lr, 2.0, 0.0, "exact")) < 1e-10
    assert spread(gradient_weights(lr, 2.0, 0.0, "exponential")) > 1e-3
    # … and, for steps as small as in practice, nearly for the post's form.
    small = equal_weight(1e-3, 0.1, NUM)
    assert spread(gradient_weights(small, 0.1, 0.0, "exponential")) < 1e-4


def test_eq_17_gives_nearly_one_over_t() -> None:
    lr, wd = equal_weight_both(1e-3, 1.0, NUM)
    for form in ("exact", "exponential"):
        assert spread(gradient_weights(lr, wd, 0.0, form)) < 1e-3
    np.testing.assert_allclose(wd / lr, 1000.0)
    coarse = equal_weight_both(0.1, 5.0, NUM)
    assert spread(gradient_weights(*coarse, 0.0, "exact")) > 1e-2  # only the recursion is exact here


def test_the_recursions_are_exact_for_their_form() -> None:
    lr = equal_weight_recursion(0.1, 5.0, NUM)
    assert spread(gradient_weights(lr, 5.0, 0.0, "exponential")) < 1e-10
    np.testing.assert_allclose(lr[:-1], lr[1:] * np.exp(5.0 * lr[1:]), rtol=1e-12)  # Eq. 14 itself
    lr, wd = equal_weight_both_recursion(0.1, 5.0, NUM)
    assert spread(gradient_weights(lr, wd, 0.0, "exponential")) < 1e-10
    np.testing.assert_allclose(wd, 50 * lr)
    lr, wd = equal_weight_both_exact(0.1, 5.0, NUM)
    assert spread(gradient_weights(lr, wd, 0.0, "exact")) < 1e-10


def test_closed_forms_solve_their_differential_equation() -> None:
    """Eq. 15, lambda eta + d ln eta/ds = 0, with steps so small that differences are derivatives."""
    lr = equal_weight(1e-4, 1.0, NUM)
    np.testing.assert_allclose(np.diff(np.log(lr)), -(lr[1:] + lr[:-1]) / 2, rtol=1e-3)
    lr, wd = equal_weight_both(1e-4, 1.0, NUM)
    np.testing.assert_allclose(np.diff(np.log(lr)), -(lr[1:] * wd[1:] + lr[:-1] * wd[:-1]) / 2, rtol=1e-3)
    assert equal_weight(0.3, 1.0, 3)[0] == equal_weight_both(0.3, 1.0, 3)[0][0] == 0.3


def test_momentum_changes_only_the_last_steps() -> None:
    """Eq. 18: proportional to 1 - beta**(t-j+1)."""
    weights = gradient_weights(equal_weight(0.1, 2.0, NUM), 2.0, 0.9, "exact")
    ages = np.arange(NUM, 0, -1)
    np.testing.assert_allclose(weights * NUM, 1 - 0.9**ages, atol=1e-9, rtol=5e-3)


def test_without_decay_they_are_constant() -> None:
    for lr in (equal_weight(0.1, 0.0, 5), equal_weight_recursion(0.1, 0.0, 5), equal_weight_both_exact(0.1, 0.0, 5)[0]):
        np.testing.assert_array_equal(lr, np.full(5, 0.1))
    lr, wd = equal_weight_both_recursion(0.1, 0.0, 5)
    np.testing.assert_array_equal(lr, np.full(5, 0.1))
    np.testing.assert_array_equal(wd, np.zeros(5))


def test_no_ratio_without_a_learning_rate() -> None:
    with pytest.raises(DataError, match="lr_max is 0"):
        equal_weight_both_exact(0.0, 1.0, 5)
