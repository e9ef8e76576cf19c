"""SGD of many runs at once: each is what a plain loop gives, and its gaps are what the bounds speak of."""

import numpy as np
import pytest

from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.logistic import Ints, Logistic, Minimum, minimum
from lrwd.theory.formulas.norm_schedules import adagrad_norm
from lrwd.theory.formulas.sgd import draw_batches, run_sgd

T, S = 12, 3


@pytest.fixture(scope="module")
def problem() -> Logistic:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=40)
    return Logistic(rng.normal(size=(40, 4)) + labels[:, None], labels, 0.05)


@pytest.fixture(scope="module")
def best(problem: Logistic) -> Minimum:
    return minimum(problem, 1e-10)


@pytest.fixture(scope="module")
def batches() -> Ints:
    return draw_batches(40, T, S, 5, np.random.default_rng(1))


LR = np.linspace(0.5, 0.1, T)


def plain(problem: Logistic, best: Minimum, images: Ints, lr: Floats | None) -> dict[str, list[float]]:
    """One run, step by step; lr None is AdaGrad-norm with R = 1."""
    theta, seen = np.zeros_like(best.theta), []
    found: dict[str, list[float]] = {"lr": [], "norms": [], "regret": [], "distance": [], "gap": []}
    points = []
    for step, batch in enumerate(images):
        part = Logistic(problem.features[batch], problem.labels[batch], problem.l2)
        # A batch may lack the largest label; the problem's own number of classes counts.
        loss, gradient = LossOf(part, problem.num_classes)(theta)
        there, _ = LossOf(part, problem.num_classes)(best.theta)
        seen.append(float(np.linalg.norm(gradient)))
        rate = float(lr[step]) if lr is not None else 1 / np.sqrt(sum(norm**2 for norm in seen))
        for name, value in (
            ("lr", rate),
            ("norms", seen[-1]),
            ("regret", loss - there),
            ("distance", float(np.linalg.norm(theta - best.theta))),
            ("gap", float(problem.loss(theta)) - best.loss),
        ):
            found[name].append(value)
        points.append(theta)
        theta = theta - rate * gradient
    found["of_average"] = [float(problem.loss(np.mean(points, axis=0))) - best.loss]
    return found


class LossOf:
    """Loss and gradient of a batch, by the formula."""

    def __init__(self, batch: Logistic, classes: int) -> None:
        self.batch, self.classes = batch, classes

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        x, y = self.batch.features, self.batch.labels
        scores = np.exp(x @ theta)
        share = scores / scores.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(share[np.arange(len(y)), y])) + self.batch.l2 / 2 * np.sum(theta**2)
        return float(loss), x.T @ (share - np.eye(self.classes)[y]) / len(y) + self.batch.l2 * theta


def test_each_run_is_a_plain_loop(problem: Logistic, best: Minimum, batches: Ints) -> None:
    runs = run_sgd(problem, best, batches, [LR, lambda norms: adagrad_norm(norms, 1.0)])
    assert runs.radius == pytest.approx(np.linalg.norm(best.theta))
    for row, lr in enumerate((LR, None)):
        for seed in range(S):
            found = plain(problem, best, batches[:, seed], lr)
            np.testing.assert_allclose(runs.lr[row, seed], found["lr"], rtol=1e-9)
            np.testing.assert_allclose(runs.norms[row, seed], found["norms"], rtol=1e-9)
            np.testing.assert_allclose(runs.regret[row, seed], found["regret"], atol=1e-11)
            assert runs.farthest[row, seed] == pytest.approx(max(found["distance"]))
            assert runs.last_gap[row, seed] == pytest.approx(found["gap"][-1])
            assert runs.average_gap[row, seed] == pytest.approx(found["of_average"][0])


def test_a_schedule_does_not_depend_on_its_neighbours(problem: Logistic, best: Minimum, batches: Ints) -> None:
    alone = run_sgd(problem, best, batches, [LR])
    beside = run_sgd(problem, best, batches, [2 * LR, LR, 0.1 * LR])
    np.testing.assert_allclose(beside.last_gap[1], alone.last_gap[0], rtol=1e-10)


def test_regret_of_the_batches_is_the_gap_in_expectation(problem: Logistic, best: Minimum) -> None:
    """At theta_1, which is the same in all runs, so that its gap is known."""
    images = draw_batches(40, 1, 20_000, 5, np.random.default_rng(2))
    regret = run_sgd(problem, best, images, [np.ones(1)]).regret[0, :, 0]
    gap = float(problem.loss(np.zeros_like(best.theta))) - best.loss
    assert regret.mean() == pytest.approx(gap, abs=4 * regret.std() / np.sqrt(len(regret)))


def test_batches_are_drawn_evenly_and_again_the_same() -> None:
    images = draw_batches(10, 100, 10, 10, np.random.default_rng(3))
    assert images.shape == (100, 10, 10)
    counts = np.bincount(images.ravel(), minlength=10)
    assert (np.abs(counts - 1000) < 150).all()
    np.testing.assert_array_equal(images, draw_batches(10, 100, 10, 10, np.random.default_rng(3)))
