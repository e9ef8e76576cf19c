"""The exact minimum of the strongest bound: stationary, found by no search to be lower, and what the guess loses."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from lrwd.errors import DataError
from lrwd.theory.formulas.bounds import Floats, last_iterate_tail
from lrwd.theory.formulas.norm_schedules import warmup_decay
from lrwd.theory.formulas.optimal_tail import best_of_shape, optimal_tail, with_best_final

R = 1.9


def traces(num: int) -> dict[str, Floats]:
    rng = np.random.default_rng(0)
    return {
        "equal": np.full(num, 0.7),
        "noisy": rng.lognormal(size=num),
        "falling": 3.0 / np.arange(1, num + 1),
        "rising": 0.2 + np.arange(1, num + 1) / num,
    }


TRACES = pytest.mark.parametrize("norms", traces(12).values(), ids=traces(12).keys())


@TRACES
def test_is_a_stationary_point_of_a_convex_bound(norms: Floats) -> None:
    """All learning rates are positive, so the KKT conditions say that every derivative is 0; and it is convex."""
    lr, value = optimal_tail(norms, R)
    assert (lr > 0).all()
    assert value == pytest.approx(float(last_iterate_tail(lr, norms, R)), rel=1e-12)

    def bound(factors: Floats) -> float:
        return float(last_iterate_tail(lr * factors, norms, R))

    slopes = approx_fprime(np.ones(len(norms)), bound, 1e-6)
    assert np.abs(slopes).max() < 1e-4 * value
    rng = np.random.default_rng(1)
    for _ in range(100):
        one, other = rng.lognormal(size=(2, len(norms)))
        assert bound((one + other) / 2) <= (bound(one) + bound(other)) / 2 * (1 + 1e-12)


@TRACES
def test_a_search_from_anywhere_ends_there(norms: Floats) -> None:
    lr, value = optimal_tail(norms, R)
    rng = np.random.default_rng(2)
    for _ in range(3):
        found = minimize(lambda logs: float(last_iterate_tail(np.exp(logs), norms, R)), rng.normal(size=len(norms)),
                         tol=1e-12)  # fmt: skip
        assert found.fun == pytest.approx(value, rel=1e-6)
        np.testing.assert_allclose(np.exp(found.x), lr, rtol=2e-2)


def test_scales_as_it_should_and_is_quick() -> None:
    norms = traces(100_000)["noisy"]
    lr, value = optimal_tail(norms, R)
    again, other = optimal_tail(5 * norms, 2 * R)
    np.testing.assert_allclose(again, lr * 2 / 5, rtol=1e-9)
    assert other == pytest.approx(10 * value)


def test_is_twice_the_bound_that_the_guess_has_by_another_proof() -> None:
    """R / sqrt(Q_T) for the guess by Defazio et al.; the least that last-2 can say falls to twice that."""
    ratios = [optimal_tail(np.full(num, 0.7), R)[1] / (R * 0.7 / np.sqrt(num)) for num in (1000, 10_000, 100_000)]
    assert ratios[0] > ratios[1] > ratios[2] > 2
    assert ratios[2] == pytest.approx(2, rel=1e-4)


@TRACES
def test_the_last_learning_rate_is_the_best_one(norms: Floats) -> None:
    lr = with_best_final(warmup_decay(norms, R), norms, R)
    value = last_iterate_tail(lr, norms, R)
    for factor in (0.98, 1.02):
        other = np.append(lr[:-1], lr[-1] * factor)
        assert last_iterate_tail(other, norms, R) > value
    best, _ = optimal_tail(norms, R)
    np.testing.assert_allclose(with_best_final(best, norms, R), best, rtol=1e-6)


@TRACES
def test_what_the_guess_loses(norms: Floats) -> None:
    """As printed the guess makes last-2 infinite; with the best last learning rate it is near its minimum."""
    guess, (_, least) = warmup_decay(norms, R), optimal_tail(norms, R)
    assert np.isinf(last_iterate_tail(guess, norms, R))
    mended = float(last_iterate_tail(with_best_final(guess, norms, R), norms, R))
    assert least < mended < 2 * least


def test_what_the_guess_loses_vanishes_with_the_number_of_steps() -> None:
    loss = []
    for num in (30, 300, 3000):
        norms = np.full(num, 0.7)
        mended = with_best_final(warmup_decay(norms, R), norms, R)
        loss.append(float(last_iterate_tail(mended, norms, R)) / optimal_tail(norms, R)[1] - 1)
    assert loss[0] > loss[1] > loss[2] > 0
    assert loss[2] < 0.01


@TRACES
def test_the_best_of_a_shape_is_at_its_best_scale_and_end(norms: Floats) -> None:
    shape = np.linspace(1, 0.1, len(norms))
    lr, value = best_of_shape(shape, norms, R)
    assert value == pytest.approx(float(last_iterate_tail(lr, norms, R)), rel=1e-9)
    np.testing.assert_allclose(lr[:-1] / lr[0], shape[:-1] / shape[0])
    for scale in (0.97, 1.03):
        for end in (0.9, 1.1):
            assert last_iterate_tail(np.append(lr[:-1], lr[-1] * end) * scale, norms, R) > value
    best, least = optimal_tail(norms, R)
    again, same = best_of_shape(best * 7, norms, R)
    np.testing.assert_allclose(again, best, rtol=1e-4)
    assert same == pytest.approx(least, rel=1e-9)


def test_refuses_what_has_no_minimum() -> None:
    with pytest.raises(DataError, match="above 0"):
        optimal_tail(np.array([1.0, 0.0]), R)
    for function in (with_best_final, best_of_shape):
        with pytest.raises(DataError, match="last but one"):
            function(np.array([1.0, 0.0, 0.0]), np.ones(3), R)
