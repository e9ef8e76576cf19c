"""Learning rates from gradient norms: optimal where they claim to be, causal, and as printed."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import minimize

from lrwd.errors import DataError
from lrwd.theory.formulas import bounds
from lrwd.theory.formulas import norm_schedules as schedules
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.norm_shares import recent_sum

T = 17
R = 1.9


def traces() -> dict[str, Floats]:
    rng = np.random.default_rng(0)
    return {
        "equal": np.full(T, 0.7),
        "noisy": rng.lognormal(size=T),
        "falling": 3.0 / np.arange(1, T + 1),
        "rising": 0.2 + np.arange(1, T + 1) / T,
    }


TRACES = pytest.mark.parametrize("norms", traces().values(), ids=traces().keys())


def plain(name: str, norms: Floats) -> list[float]:
    """Each schedule as it is printed, t from 1."""
    g = [math.nan, *norms.tolist()]
    num = len(norms)

    def v(t: int) -> float:
        return sum(g[k] ** 2 for k in range(1, t + 1))

    def q(t: int) -> float:
        return sum(g[k] ** -2 for k in range(1, t + 1))

    def recent(t: int) -> float:
        return sum(g[k] ** 2 / max(1, t - k) for k in range(1, t + 1))

    formula: dict[str, Callable[[int], float]] = {
        "constant_for_average": lambda t: R / math.sqrt(v(num)),
        "adagrad_norm": lambda t: R / math.sqrt(v(t)),
        "inverse_square": lambda t: R * g[t] ** -2 / math.sqrt(q(num)),
        "inverse_square_causal": lambda t: R * g[t] ** -2 / math.sqrt(q(t)),
        "constant_for_last": lambda t: R / math.sqrt(num * recent(num)),
        "last_iterate_causal": lambda t: R / math.sqrt(num * recent(t)),
        "warmup_decay": lambda t: R * g[t] ** -2 / math.sqrt(q(num)) * (1 - q(t) / q(num)),
        "warmup_decay_causal": lambda t: R * g[t] ** -2 / math.sqrt(q(t)) * (1 - t / num),
    }
    return [formula[name](t) for t in range(1, num + 1)]


WHOLE = ("constant_for_average", "inverse_square", "constant_for_last", "warmup_decay")
CAUSAL = ("adagrad_norm", "inverse_square_causal", "last_iterate_causal", "warmup_decay_causal")
NEED_LENGTH = ("last_iterate_causal", "warmup_decay_causal")


def made(name: str, norms: Floats, num_steps: int = T) -> Floats:
    return getattr(schedules, name)(norms, R, *([num_steps] if name in NEED_LENGTH else []))


@TRACES
@pytest.mark.parametrize("name", [*WHOLE, *CAUSAL])
def test_equals_the_printed_formula(name: str, norms: Floats) -> None:
    np.testing.assert_allclose(made(name, norms), plain(name, norms), rtol=1e-10, atol=1e-14)
    both = np.stack([norms, 2 * norms])
    np.testing.assert_allclose(made(name, both)[1], made(name, 2 * norms), rtol=1e-12)


@pytest.mark.parametrize("name", CAUSAL)
def test_a_causal_form_knows_nothing_of_the_future(name: str) -> None:
    norms = traces()["noisy"]
    for num in (1, 2, T // 2):
        np.testing.assert_allclose(made(name, norms[:num]), made(name, norms)[:num], rtol=1e-12)


@pytest.mark.parametrize("name", WHOLE)
def test_an_optimal_one_does(name: str) -> None:
    norms = traces()["noisy"]
    changed = norms.copy()
    changed[-2] *= 3
    assert abs(made(name, changed)[0] / made(name, norms)[0] - 1) > 1e-3


@pytest.mark.parametrize("name", [*WHOLE, *CAUSAL])
def test_scaling_the_loss_leaves_the_path_of_sgd_alone(name: str) -> None:
    """With the loss times c the norms are, and the steps eta_t g_t stay if the learning rates are divided by c."""
    norms = traces()["noisy"]
    np.testing.assert_allclose(made(name, 5 * norms) * 5, made(name, norms), rtol=1e-12)


def test_the_printed_root_of_a_sum_of_norms_is_a_slip() -> None:
    """R / sqrt(sum G_k): neither of the right unit, nor as good as R / sqrt(sum G_k^2)."""

    def printed(norms: Floats) -> Floats:
        return np.full(T, R / math.sqrt(norms.sum()))

    norms = traces()["falling"]
    assert not np.allclose(printed(5 * norms) * 5, printed(norms), rtol=0.5)
    np.testing.assert_allclose(printed(5 * norms) * math.sqrt(5), printed(norms), rtol=1e-12)
    for factor in (0.1, 10.0):
        right = bounds.average_iterate(schedules.constant_for_average(factor * norms, R), factor * norms, R)
        slip = bounds.average_iterate(printed(factor * norms), factor * norms, R)
        assert slip > 1.2 * right


@TRACES
def test_the_value_at_the_optimum_is_the_printed_one(norms: Floats) -> None:
    v, q = (norms**2).sum(), (norms**-2).sum()
    recent = recent_sum(norms)[-1]
    constant = schedules.constant_for_average(norms, R)
    assert bounds.average_iterate_bounded(constant, norms, R) == pytest.approx(R * math.sqrt(v) / T)
    assert bounds.average_iterate(constant, norms, R) == pytest.approx(R * math.sqrt(v) / T)
    assert bounds.weighted_average(schedules.inverse_square(norms, R), norms, R) == pytest.approx(R / math.sqrt(q))
    last = bounds.last_iterate(schedules.constant_for_last(norms, R), norms, R)
    assert last == pytest.approx(R * math.sqrt(recent / T))


@TRACES
@pytest.mark.parametrize(
    ("bound", "schedule"),
    [
        ("average_iterate_bounded", "constant_for_average"),
        ("average_iterate", "constant_for_average"),
        ("weighted_average", "inverse_square"),
        ("last_iterate", "constant_for_last"),
    ],
)
def test_no_other_schedule_has_a_lower_bound(bound: str, schedule: str, norms: Floats) -> None:
    """Searched over schedules that never rise where the bound asks for it, and over all others else."""
    best = float(getattr(bounds, bound)(made(schedule, norms), norms, R))

    def value(logs: Floats) -> float:
        lr = np.exp(logs) if bound == "weighted_average" else np.exp(logs[0] - np.append(0.0, np.cumsum(logs[1:] ** 2)))
        return float(getattr(bounds, bound)(lr, norms, R))

    rng = np.random.default_rng(1)
    for _ in range(3):
        found = minimize(value, rng.normal(size=T) * 0.5, options={"maxiter": 300})
        assert found.fun >= best * (1 - 1e-9)
    assert found.fun < best * 1.01


@TRACES
def test_weights_turn_the_bound_of_an_average_into_one_of_the_last_iterate(norms: Floats) -> None:
    """The theorem behind ``from_weights``, on polyhedra: the last loss keeps the bound of the weighted average."""
    rng = np.random.default_rng(2)
    closest = 0.0
    for _ in range(200):
        half = rng.normal(size=(3, 2))
        slopes = np.concatenate([half, -half])
        weights = norms * rng.lognormal(sigma=rng.choice([0.0, 1.0]), size=T) * rng.lognormal(sigma=2)
        lr = schedules.from_weights(weights)
        assert lr[-1] == 0
        point = start = rng.normal(size=2)
        seen = []
        for rate in lr:
            active = slopes[np.argmax(slopes @ point)]
            loss = float(np.max(slopes @ point))
            seen.append(float(np.linalg.norm(active)))
            point = point - rate * active
        bound = bounds.weighted_average(weights, np.array(seen), float(np.linalg.norm(start)))
        assert loss <= bound * (1 + 1e-12)
        closest = max(closest, float(loss / bound))
    assert closest > 0.3


@pytest.mark.parametrize("norms", [np.array([1.0, 0.0]), np.array([1.0, -1.0]), np.array([math.nan, 1.0])])
@pytest.mark.parametrize("name", [*WHOLE, *CAUSAL])
def test_refuses_a_norm_that_is_not_positive(name: str, norms: Floats) -> None:
    with pytest.raises(DataError, match="above 0"):
        made(name, norms)


@pytest.mark.parametrize("name", NEED_LENGTH)
def test_refuses_more_norms_than_steps(name: str) -> None:
    with pytest.raises(DataError, match="at most the 3"):
        made(name, np.ones(4), num_steps=3)


def test_the_causal_form_for_the_last_iterate_can_rise() -> None:
    """The post bounds it by last-1, which needs a learning rate that never rises; falling gradients break that."""
    assert bounds.never_rises(made("last_iterate_causal", traces()["equal"]))
    falling = made("last_iterate_causal", traces()["falling"])
    assert not bounds.never_rises(falling)
    with pytest.raises(DataError, match="never rise"):
        bounds.last_iterate(falling, traces()["falling"], R)


def test_equal_norms_give_linear_decay() -> None:
    lr = schedules.warmup_decay(np.full(T, 0.7), R)
    np.testing.assert_allclose(np.diff(lr), np.diff(lr)[0], rtol=1e-9)
    assert lr[-1] == 0


def test_norms_that_fall_give_a_warm_up_before_the_decay() -> None:
    norms = np.concatenate([np.geomspace(10, 1, 5), np.ones(40)])
    peak = int(np.argmax(schedules.warmup_decay(norms, R)))
    assert 3 <= peak <= 6
