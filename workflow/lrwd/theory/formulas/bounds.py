"""Bounds on the loss of SGD on a convex problem, for any learning rates and gradient norms.

All take arrays whose last axis is the step t = 1 … T, so that one call handles many runs. ``R`` is a distance to the
minimiser theta*, G_t the root of E||g_t||^2. They hold for learning rates that do not depend on the batches.
"""

import numpy as np

from lrwd.errors import DataError
from lrwd.theory.formulas._sequences import Floats


def average_iterate_bounded(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    """Bound on the average loss in a bounded domain, for a learning rate that never rises.

    (1/T) sum_t E[L(theta_t) - L*] <= R^2 / (2 T eta_T) + 1/(2T) sum_t eta_t G_t^2

    It also holds for a single run with its own ||g_t|| and the loss of its batches, so the learning rate may depend on
    the gradients so far.

    Args:
        lr: eta_t; (..., T).
        norms: G_t, or ||g_t|| of one run; (..., T).
        radius: R, the largest ||theta_t - theta*|| of the whole run.

    Raises:
        DataError: a learning rate rises, or an array is not as stated.

    Source: Su, "Alchemy, part 5" (2026), Eq. 4; Zinkevich (2003), Thm. 1.
    """
    _check(lr, norms)
    _never_rises(lr)
    num_steps = lr.shape[-1]
    return np.square(radius) / (2 * num_steps * lr[..., -1]) + np.sum(lr * norms**2, axis=-1) / (2 * num_steps)


def average_iterate(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    """Bound on the average loss in an unbounded domain, for a learning rate that never rises.

    (1/T) sum_t E[L(theta_t) - L*] <= (R^2 + sum_t eta_t^2 G_t^2) / (2 T eta_T)

    Args:
        lr: eta_t; (..., T).
        norms: G_t; (..., T).
        radius: R = ||theta_1 - theta*||.

    Raises:
        DataError: a learning rate rises, or an array is not as stated.

    Source: Su, "Alchemy, part 5" (2026), Eq. 12.
    """
    _check(lr, norms)
    _never_rises(lr)
    return _energy(lr, norms, radius) / (lr.shape[-1] * lr[..., -1])


def weighted_average(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    """Bound on the loss averaged with the learning rates as weights, whatever their order.

    sum_t eta_t E[L(theta_t) - L*] / sum_t eta_t <= (R^2 + sum_t eta_t^2 G_t^2) / (2 sum_t eta_t)

    Args:
        lr: eta_t; (..., T).
        norms: G_t; (..., T).
        radius: R = ||theta_1 - theta*||.

    Raises:
        DataError: an array is not as stated.

    Source: Su, "Alchemy, part 5" (2026), Eq. 15.
    """
    _check(lr, norms)
    return _energy(lr, norms, radius) / np.sum(lr, axis=-1)


def last_iterate(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    """Bound on the loss of the last iterate, for a learning rate that never rises ("last-1").

    E[L(theta_T) - L*] <= R^2 / (2 T eta_T) + 1/(2 eta_T) sum_t eta_t^2 G_t^2 / max(1, T - t)

    Args:
        lr: eta_t; (..., T). theta_T depends on eta_1 … eta_{T-1} only; eta_T is a weight in the bound.
        norms: G_t; (..., T).
        radius: R = ||theta_1 - theta*||.

    Raises:
        DataError: a learning rate rises, or an array is not as stated.

    Source: Su, "Alchemy, part 5" (2026), Eq. 22; Orabona (2020), "Last iterate of SGD converges".
    """
    _check(lr, norms)
    _never_rises(lr)
    num_steps = lr.shape[-1]
    left = np.maximum(1, num_steps - np.arange(1, num_steps + 1))
    spread = np.square(radius) / num_steps + np.sum((lr * norms) ** 2 / left, axis=-1)
    return spread / (2 * lr[..., -1])


def last_iterate_tail(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    """Bound on the loss of the last iterate, for learning rates in any order ("last-2"), the strongest of the post.

    E[L(theta_T) - L*] <= R^2 / (2 S_1) + 1/2 sum_t eta_t^2 G_t^2 / S_min(t+1, T),   S_t = eta_t + … + eta_T

    Args:
        lr: eta_t; (..., T). theta_T depends on eta_1 … eta_{T-1} only; eta_T is a weight in the bound (see
            ``with_best_final``).
        norms: G_t; (..., T).
        radius: R = ||theta_1 - theta*||.

    Returns:
        Infinity where eta_T = 0, as the last but one term is divided by it.

    Raises:
        DataError: an array is not as stated.

    Source: Su, "Alchemy, part 5" (2026), Eq. 25; equals Thm. 1 of Schaipp et al. (2025), arXiv 2501.18965.
    """
    _check(lr, norms)
    tail = np.flip(np.cumsum(np.flip(lr, -1), axis=-1), -1)
    power = (lr * norms) ** 2
    # The last term is eta_T^2 G_T^2 / eta_T, which is 0 with eta_T.
    last = lr[..., -1] * np.broadcast_to(norms, power.shape)[..., -1] ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(power[..., :-1] > 0, power[..., :-1] / tail[..., 1:], 0.0)
        return np.square(radius) / (2 * tail[..., 0]) + (np.sum(terms, axis=-1) + last) / 2


def _energy(lr: Floats, norms: Floats, radius: Floats | float) -> Floats:
    return (np.square(radius) + np.sum((lr * norms) ** 2, axis=-1)) / 2


def never_rises(lr: Floats) -> bool:
    """Whether no learning rate is larger than the one before, up to rounding."""
    return bool(np.all(lr[..., 1:] <= lr[..., :-1] * (1 + 1e-12)))


def _never_rises(lr: Floats) -> None:
    if not never_rises(lr):
        raise DataError("lr: it rises; allowed for this bound: learning rates that never rise")


def _check(lr: Floats, norms: Floats) -> None:
    if not (np.isfinite(lr).all() and (lr >= 0).all() and (lr[..., :-1] > 0).any()):
        raise DataError("lr: allowed are finite learning rates, none below 0 and not all 0")
    if not (np.isfinite(norms).all() and (norms >= 0).all()):
        raise DataError("norms: allowed are finite gradient norms, none below 0")
    if lr.shape[-1] != norms.shape[-1]:
        raise DataError(f"norms: {norms.shape[-1]} steps; allowed: the {lr.shape[-1]} of lr")
