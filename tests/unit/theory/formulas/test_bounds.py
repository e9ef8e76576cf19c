"""The bounds of post 003: against plain loops, and on convex problems whose gap is known."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.theory.formulas import bounds
from lrwd.theory.formulas.bounds import Floats

Bound = Callable[[Floats, Floats, float], Floats]
T = 23


def plain(name: str, lr: Floats, norms: Floats, radius: float) -> float:
    """Each formula as it is printed, t from 1."""
    num = len(lr)
    eta, g = [0.0, *lr.tolist()], [0.0, *norms.tolist()]
    steps = range(1, num + 1)
    if name == "average_iterate_bounded":
        return radius**2 / (2 * num * eta[num]) + sum(eta[t] * g[t] ** 2 for t in steps) / (2 * num)
    if name == "average_iterate":
        return radius**2 / (2 * num * eta[num]) + sum(eta[t] ** 2 * g[t] ** 2 for t in steps) / (2 * num * eta[num])
    if name == "weighted_average":
        return radius**2 / (2 * sum(eta)) + sum(eta[t] ** 2 * g[t] ** 2 for t in steps) / (2 * sum(eta))
    if name == "last_iterate":
        spread = sum(eta[t] ** 2 * g[t] ** 2 / max(1, num - t) for t in steps)
        return radius**2 / (2 * num * eta[num]) + spread / (2 * eta[num])
    spread = sum(eta[t] ** 2 * g[t] ** 2 / sum(eta[min(t + 1, num) :]) for t in steps)
    return radius**2 / (2 * sum(eta)) + spread / 2


ANY_ORDER = ("weighted_average", "last_iterate_tail")
FALLING = ("average_iterate_bounded", "average_iterate", "last_iterate")


@pytest.mark.parametrize("name", [*ANY_ORDER, *FALLING])
def test_equals_the_printed_formula(name: str) -> None:
    rng = np.random.default_rng(0)
    lr = rng.lognormal(size=(4, T))
    if name in FALLING:
        lr = -np.sort(-lr, axis=-1)
    norms = rng.lognormal(size=(4, T))
    found = getattr(bounds, name)(lr, norms, 1.7)
    assert found.shape == (4,)
    np.testing.assert_allclose(found, [plain(name, *row, 1.7) for row in zip(lr, norms, strict=True)], rtol=1e-12)


@pytest.mark.parametrize("name", FALLING)
def test_refuses_a_learning_rate_that_rises(name: str) -> None:
    lr = np.ones(T)
    lr[5] = 1.001
    with pytest.raises(DataError, match="never rise"):
        getattr(bounds, name)(lr, np.ones(T), 1.0)


@pytest.mark.parametrize("name", [*ANY_ORDER, *FALLING])
@pytest.mark.parametrize(
    ("lr", "norms"),
    [(-np.ones(T), np.ones(T)), (np.zeros(T), np.ones(T)), (np.full(T, math.nan), np.ones(T)),
     (np.ones(T), -np.ones(T)), (np.ones(T), np.full(T, math.inf)), (np.ones(T), np.ones(T + 1))],
    ids=["negative", "all 0", "nan", "negative norm", "infinite norm", "lengths"],
)  # fmt: skip
def test_refuses_what_is_no_schedule(name: str, lr: Floats, norms: Floats) -> None:
    with pytest.raises(DataError, match="allowed"):
        getattr(bounds, name)(lr, norms, 1.0)


def test_the_last_bound_is_infinite_where_the_schedule_ends_at_0() -> None:
    lr = np.linspace(1, 0, T)
    assert np.isinf(bounds.last_iterate_tail(lr, np.ones(T), 1.0))
    # Steps of length 0 before the end cost nothing and spoil nothing.
    lr = np.ones(T)
    lr[3] = 0
    assert np.isfinite(bounds.last_iterate_tail(lr, np.ones(T), 1.0))


def test_equals_the_theorem_of_schaipp_et_al() -> None:
    """Their Theorem 1 prints a double sum, sum_k eta_k/S_{k+1} (1/S_k) sum_{t>=k} …; ours is it, summed up."""
    rng = np.random.default_rng(1)
    lr, norms, radius = rng.lognormal(size=T), rng.lognormal(size=T), 0.6
    power, tail = (lr * norms) ** 2, np.cumsum(lr[::-1])[::-1]
    double = sum(lr[k] / tail[k + 1] / tail[k] * power[k:].sum() for k in range(T - 1))
    theirs = radius**2 / (2 * tail[0]) + power.sum() / (2 * tail[0]) + double / 2
    assert bounds.last_iterate_tail(lr, norms, radius) == pytest.approx(theirs, rel=1e-12)


def descend(slopes: Floats, lr: Floats, start: Floats) -> tuple[Floats, Floats, Floats]:
    """Subgradient descent on max_i a_i·x, whose minimum is 0 at x = 0; losses, norms and iterates."""
    point, losses, norms, points = start.copy(), [], [], []
    for rate in lr:
        active = slopes[np.argmax(slopes @ point)]
        losses.append(float(np.max(slopes @ point)))
        norms.append(float(np.linalg.norm(active)))
        points.append(point.copy())
        point = point - rate * active
    return np.array(losses), np.array(norms), np.array(points)


def test_hold_on_polyhedra_under_any_schedule() -> None:
    """Without smoothness subgradient descent comes near to what the bounds allow; and none is ever broken."""
    rng = np.random.default_rng(2)
    closest = dict.fromkeys([*ANY_ORDER, *FALLING], 0.0)
    for _ in range(300):
        dim, scale = int(rng.integers(1, 5)), rng.lognormal(sigma=2)
        half = rng.normal(size=(int(rng.integers(1, 5)), dim))
        slopes = np.concatenate([half, -half, np.zeros((1, dim))])
        lr = scale * rng.lognormal(sigma=rng.choice([0.0, 0.5, 1.5]), size=T)
        falls = bool(rng.integers(2))
        lr = -np.sort(-lr) if falls else lr
        losses, norms, points = descend(slopes, lr, rng.normal(size=dim))
        radius, farthest = float(np.linalg.norm(points[0])), float(np.linalg.norm(points, axis=1).max())
        gaps = {
            "average_iterate_bounded": (losses.mean(), farthest),
            "average_iterate": (losses.mean(), radius),
            "weighted_average": ((lr * losses).sum() / lr.sum(), radius),
            "last_iterate": (losses[-1], radius),
            "last_iterate_tail": (losses[-1], radius),
        }
        for name, (gap, distance) in gaps.items():
            if falls or name in ANY_ORDER:
                bound = float(getattr(bounds, name)(lr, norms, distance))
                assert gap <= bound * (1 + 1e-12), name
                closest[name] = max(closest[name], gap / bound)
    # Not vacuous: some problem and schedule uses half of the bound or more.
    assert min(closest.values()) > 0.3, closest


def test_the_bound_on_the_weighted_average_is_met() -> None:
    """On a slope that is never left, with steps that end at the minimiser plus one, it is an equality."""
    num, norm, radius = 10, 2.0, 3.0
    lr = np.full(num, radius / (norm * num))
    losses = norm * (radius - norm * np.append(0.0, np.cumsum(lr)[:-1]))
    gap = (lr * losses).sum() / lr.sum()
    assert gap == pytest.approx(bounds.weighted_average(lr, np.full(num, norm), radius), rel=1e-12)


def test_hold_in_expectation_on_a_noisy_quadratic() -> None:
    """Exactly, as the second moments of SGD on L = h x^2 / 2 with noise of variance s^2 follow a recursion."""
    curvature, noise, start = 0.8, 1.3, 4.0
    for kind in ("constant", "falling", "warm-up"):
        steps = np.arange(1, 201)
        lr = {"constant": np.full(200, 0.3), "falling": 1.0 / np.sqrt(steps), "warm-up": np.minimum(steps / 20, 1)}[
            kind
        ]
        second, losses, norms = start**2, [], []
        for rate in lr:
            losses.append(curvature * second / 2)
            norms.append(math.sqrt(curvature**2 * second + noise**2))
            second = (1 - rate * curvature) ** 2 * second + rate**2 * noise**2
        gap, g = np.array(losses), np.array(norms)
        assert (lr * gap).sum() / lr.sum() <= bounds.weighted_average(lr, g, start)
        assert gap[-1] <= bounds.last_iterate_tail(lr, g, start)
        if kind != "warm-up":
            assert gap.mean() <= bounds.average_iterate(lr, g, start)
            assert gap[-1] <= bounds.last_iterate(lr, g, start)
