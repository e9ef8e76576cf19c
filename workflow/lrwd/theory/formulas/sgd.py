"""SGD on a convex problem, for many schedules and seeds at once, and the gaps that the bounds hold for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.logistic import Ints, Logistic, Minimum

# Learning rates fixed in advance, (T,); or a function of a run's norms so far, (S, t) -> (S, t), whose last is used.
Schedule = Floats | Callable[[Floats], Floats]


@dataclass(frozen=True, eq=False)
class Runs:
    """Results of K schedules on the same batches, with S seeds and T steps.

    Args:
        lr: eta_t; (K, S, T).
        norms: ||g_t||; (K, S, T).
        regret: loss of the batch at theta_t less that at theta*, whose expectation is L(theta_t) - L*; (K, S, T).
        last_gap: L(theta_T) - L* over all images, before step T as in the bounds; (K, S).
        average_gap: L of the mean of theta_1 … theta_T, less L*; (K, S).
        farthest: the largest ||theta_t - theta*||; (K, S).
        radius: R = ||theta_1 - theta*||.
    """

    lr: Floats
    norms: Floats
    regret: Floats
    last_gap: Floats
    average_gap: Floats
    farthest: Floats
    radius: float


def draw_batches(num_images: int, num_steps: int, num_seeds: int, batch_size: int, rng: np.random.Generator) -> Ints:
    """Images of each batch, drawn with replacement so that gradients are unbiased; (T, S, B)."""
    return rng.integers(num_images, size=(num_steps, num_seeds, batch_size))


def run_sgd(problem: Logistic, best: Minimum, batches: Ints, schedules: Sequence[Schedule]) -> Runs:
    """Run theta_{t+1} = theta_t - eta_t g_t from theta_1 = 0.

    Args:
        problem: the problem.
        best: its minimum.
        batches: images of each step and seed, the same for all schedules; (T, S, B).
        schedules: K of them.
    """
    num_steps, num_seeds, _ = batches.shape
    size = (len(schedules), num_seeds, num_steps)
    lr, norms, regret = (np.empty(size) for _ in range(3))
    # Schedules are in the last axes, so that one matrix product per batch serves all of them.
    theta = np.zeros((num_seeds, problem.features.shape[1], len(schedules), problem.num_classes))
    target = best.theta[None, :, None, :]
    total, farthest = np.zeros_like(theta), np.zeros(size[:2])
    base = problem.losses(best.theta), problem.penalty(best.theta)
    last = theta
    for step, images in enumerate(batches):
        last = theta
        total += theta
        farthest = np.maximum(farthest, _norm(theta - target))
        losses, gradient = _batch(problem, theta, images)
        norms[..., step] = _norm(gradient)
        regret[..., step] = losses - np.mean(base[0][images], axis=-1) - base[1]
        for row, schedule in enumerate(schedules):
            known = schedule(norms[row, :, : step + 1])[:, -1] if callable(schedule) else schedule[step]
            lr[row, :, step] = known
        theta = theta - lr[..., step].T[:, None, :, None] * gradient
    by_schedule = (2, 0, 1, 3)
    return Runs(
        lr,
        norms,
        regret,
        problem.loss(last.transpose(by_schedule)) - best.loss,
        problem.loss(total.transpose(by_schedule) / num_steps) - best.loss,
        farthest,
        float(np.linalg.norm(best.theta)),
    )


def _batch(problem: Logistic, theta: Floats, images: Ints) -> tuple[Floats, Floats]:
    """Losses (K, S) of a batch for each seed, and their gradients (S, D, K, C)."""
    num_seeds, dim, num, classes = theta.shape
    x, y = problem.features[images], problem.labels[images]
    scores = (x @ theta.reshape(num_seeds, dim, -1)).reshape(*y.shape, num, classes)
    whole = logsumexp(scores, axis=-1, keepdims=True)
    picked = np.take_along_axis(scores, y[:, :, None, None], axis=-1)
    losses = np.mean((whole - picked)[..., 0], axis=1) + problem.l2 / 2 * np.sum(theta**2, axis=(1, 3))
    error = np.exp(scores - whole)
    error -= np.eye(classes)[y][:, :, None, :]
    gradient = (x.transpose(0, 2, 1) @ error.reshape(*y.shape, -1)).reshape(theta.shape) / y.shape[1]
    return losses.T, gradient + problem.l2 * theta


def _norm(vectors: Floats) -> Floats:
    """Norms (K, S) of (S, D, K, C)."""
    return np.sqrt(np.einsum("sdkc,sdkc->ks", vectors, vectors))
