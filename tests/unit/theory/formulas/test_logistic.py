"""The convex problem: its gradient, its minimiser against scikit-learn's, and the proof of how near that is."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression

from lrwd.errors import DataError
from lrwd.theory.formulas.logistic import Logistic, minimum


@pytest.fixture(scope="module")
def problem() -> Logistic:
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=60)
    features = np.concatenate([rng.normal(size=(60, 4)) + labels[:, None], np.ones((60, 1))], axis=1)
    return Logistic(features, labels, 0.01)


def plain_loss(problem: Logistic, theta: np.ndarray) -> float:
    total = 0.0
    for x, y in zip(problem.features, problem.labels, strict=True):
        scores = [float(x @ theta[:, c]) for c in range(problem.num_classes)]
        total += np.log(sum(np.exp(scores))) - scores[y]
    return total / len(problem.labels) + problem.l2 / 2 * float(np.sum(theta**2))


def test_loss_and_gradient(problem: Logistic) -> None:
    theta = np.random.default_rng(1).normal(size=(2, 5, 3))
    np.testing.assert_allclose(problem.loss(theta), [plain_loss(problem, one) for one in theta], rtol=1e-12)
    loss, gradient = problem.loss_and_gradient(theta[0])
    assert loss == pytest.approx(plain_loss(problem, theta[0]))
    numeric = approx_fprime(theta[0].ravel(), lambda flat: plain_loss(problem, flat.reshape(5, 3)), 1e-7)
    np.testing.assert_allclose(gradient.ravel(), numeric, atol=1e-6)


def test_scores_far_from_0_do_not_overflow(problem: Logistic) -> None:
    assert np.isfinite(problem.loss(np.full((5, 3), 1e4) * np.arange(3)))


def test_the_minimiser_is_scikit_learns(problem: Logistic) -> None:
    best = minimum(problem, 1e-10)
    model = LogisticRegression(C=1 / (problem.l2 * 60), fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs = model.fit(problem.features, problem.labels).coef_.T
    np.testing.assert_allclose(best.theta, theirs, atol=1e-5)
    assert best.loss <= float(problem.loss(theirs)) + 1e-10


def test_its_excess_is_a_bound(problem: Logistic) -> None:
    best = minimum(problem, 1e-8)
    assert best.gradient_norm == pytest.approx(np.linalg.norm(problem.loss_and_gradient(best.theta)[1]))
    assert 0 <= best.excess <= 1e-8
    rng = np.random.default_rng(2)
    for _ in range(20):
        theta = best.theta + rng.normal(size=best.theta.shape) * rng.lognormal(sigma=2) * 0.01
        loss, gradient = problem.loss_and_gradient(theta)
        assert best.loss - 1e-9 <= loss <= best.loss + 1e-9 + np.sum(gradient**2) / (2 * problem.l2)


def test_refusals(problem: Logistic) -> None:
    with pytest.raises(DataError, match="above 0"):
        Logistic(problem.features, problem.labels, 0.0)
    with pytest.raises(DataError, match="allowed: 1e-40"):
        minimum(problem, 1e-40)
