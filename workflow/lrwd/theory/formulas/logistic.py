"""Multinomial logistic regression with an L2 penalty: a strongly convex problem on real data."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from lrwd.errors import DataError
from lrwd.theory.formulas.bounds import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Logistic:
    """L(theta) = (1/N) sum_n [log sum_c exp(x_n·theta_c) - x_n·theta_{y_n}] + (l2/2) ||theta||^2.

    Args:
        features: x_n; (N, D). A column of ones adds a bias, which is then penalised too.
        labels: y_n, from 0; (N,).
        l2: strength of the penalty, above 0.

    Raises:
        DataError: ``l2`` is not above 0.
    """

    features: Floats
    labels: Ints
    l2: float

    def __post_init__(self) -> None:
        if not self.l2 > 0:
            raise DataError(f"l2: {self.l2} is not allowed; above 0 (without a penalty there may be no minimiser)")

    @property
    def num_classes(self) -> int:
        """C, one more than the largest label."""
        return int(self.labels.max()) + 1

    def loss(self, theta: Floats) -> Floats:
        """L at one or more parameters.

        Args:
            theta: (..., D, C).

        Returns:
            (...).
        """
        return np.mean(self.losses(theta), axis=-1) + self.penalty(theta)

    def losses(self, theta: Floats) -> Floats:
        """The loss of each image, without the penalty; (..., N)."""
        return self._losses(self.features @ theta)[0]

    def penalty(self, theta: Floats) -> Floats:
        """(l2/2) ||theta||^2; (...)."""
        return self.l2 / 2 * np.sum(theta**2, axis=(-2, -1))

    def loss_and_gradient(self, theta: Floats) -> tuple[float, Floats]:
        """L and its gradient, (D, C), at parameters (D, C)."""
        scores = self.features @ theta
        losses, whole = self._losses(scores)
        error = np.exp(scores - whole)
        error[np.arange(len(self.labels)), self.labels] -= 1
        gradient = self.features.T @ error / len(self.labels) + self.l2 * theta
        return float(np.mean(losses) + self.penalty(theta)), gradient

    def _losses(self, scores: Floats) -> tuple[Floats, Floats]:
        """Losses (..., N), and the logarithms of the sums over classes, (..., N, 1)."""
        whole = logsumexp(scores, axis=-1, keepdims=True)
        labels = np.broadcast_to(self.labels[:, None], whole.shape)
        return (whole - np.take_along_axis(scores, labels, axis=-1))[..., 0], whole


@dataclass(frozen=True, eq=False)
class Minimum:
    """An approximate minimiser with a bound on its error.

    Args:
        theta: (D, C).
        loss: L(theta).
        gradient_norm: ||grad L(theta)||.
        excess: bound on L(theta) - L*, as L is l2-strongly convex: gradient_norm^2 / (2 l2).
    """

    theta: Floats
    loss: float
    gradient_norm: float
    excess: float


def minimum(problem: Logistic, tolerance: float) -> Minimum:
    """Find the minimiser by L-BFGS, with a proved bound on its error.

    Args:
        problem: the problem.
        tolerance: largest allowed L(theta) - L*.

    Raises:
        DataError: the tolerance is not reached.

    Source: L(theta) - L* <= ||grad L(theta)||^2 / (2 mu) for a mu-strongly convex L: Nesterov (2004), Thm. 2.1.10.
    """
    shape = (problem.features.shape[1], problem.num_classes)

    def value(flat: Floats) -> tuple[float, Floats]:
        loss, gradient = problem.loss_and_gradient(flat.reshape(shape))
        return loss, gradient.ravel()

    options = {"maxiter": 10_000, "maxfun": 10_000, "ftol": 0.0, "gtol": 1e-8, "maxcor": 50}
    found = minimize(value, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    theta = found.x.reshape(shape)
    loss, gradient = problem.loss_and_gradient(theta)
    norm = float(np.linalg.norm(gradient))
    excess = norm**2 / (2 * problem.l2)
    if not excess <= tolerance:
        raise DataError(f"The minimum is known only up to {excess:.2g}; allowed: {tolerance:.2g}")
    return Minimum(theta, loss, norm, excess)
