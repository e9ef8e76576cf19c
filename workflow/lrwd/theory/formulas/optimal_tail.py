"""The learning rates that minimise the strongest bound on the last iterate, exactly."""

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from lrwd.errors import DataError
from lrwd.theory.formulas.bounds import Floats


def optimal_tail(norms: Floats, radius: float) -> tuple[Floats, float]:
    """Minimise "last-2" over all non-negative learning rates.

    In the tail sums S_t = eta_t + … + eta_T the bound is R^2 / (2 S_1) + B(S) / 2 with

        B = sum_{t<T} (S_t - S_{t+1})^2 G_t^2 / S_{t+1} + S_T G_T^2,

    which is convex, and linear under scaling. So the least of B from step t on is c_t S_t, with

        c_T = G_T^2,   c_t = 2 G_t (sqrt(G_t^2 + c_{t+1}) - G_t),   S_{t+1} / S_t = G_t / sqrt(G_t^2 + c_{t+1}),

    and the best scale is S_1 = R / sqrt(c_1), where the bound is R sqrt(c_1). For equal norms and large T that is
    2 R G / sqrt(T), twice what ``norm_schedules.from_weights`` is bounded by.

    Args:
        norms: G_t, positive; (T,).
        radius: R = ||theta_1 - theta*||.

    Returns:
        The learning rates, (T,), and the bound there.

    Raises:
        DataError: a norm is not a positive number.

    Source: own derivation, for Eq. 25 of Su, "Alchemy, part 5" (2026), which leaves its minimum open; Defazio et al.
    (2023), arXiv 2310.07831, and Schaipp et al. (2025), arXiv 2501.18965, descend on the same bound in their codes.
    """
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise DataError("norms: allowed are finite gradient norms above 0")
    cost = float(norms[-1] ** 2)
    kept, taken = np.empty(len(norms) - 1), np.ones(len(norms))
    for step in range(len(norms) - 2, -1, -1):
        norm = float(norms[step])
        root = float(np.hypot(norm, np.sqrt(cost)))
        # 1 - kept and 2 G (root - G), rewritten to avoid cancellation if c is much smaller than G^2.
        kept[step], taken[step] = norm / root, cost / (root * (root + norm))
        cost = 2 * norm * cost / (root + norm)
    tail = np.append(1.0, np.cumprod(kept)) * radius / np.sqrt(cost)
    return tail * taken, float(radius * np.sqrt(cost))


def with_best_final(lr: Floats, norms: Floats, radius: float) -> Floats:
    """Replace eta_T by the value that minimises "last-2"; theta_T does not depend on it.

    This makes the bound finite for schedules that end at 0.

    Args:
        lr: eta_t, with eta_{T-1} > 0; (T,).
        norms: G_t, positive; (T,).
        radius: R = ||theta_1 - theta*||.

    Returns:
        The learning rates with the new last one; (T,).

    Raises:
        DataError: the last but one learning rate is 0.

    Source: as ``optimal_tail``.
    """
    _check_last(lr)
    power = (lr[:-1] * norms[:-1]) ** 2
    without = _tail_sums(lr[:-1])

    def slope(last: float) -> float:
        falls = (radius / (without[0] + last)) ** 2 + np.sum(power / (without[1:] + last) ** 2)
        return float(norms[-1] ** 2 - falls)

    # The slope rises from minus infinity at 0; at ``high`` it is above 0.
    high = float(np.sqrt(radius**2 + power.sum()) / norms[-1])
    low = high
    while slope(low) >= 0:
        low /= 2
    return np.append(lr[:-1], brentq(slope, low, 2 * low, xtol=1e-300, rtol=1e-14))


def best_of_shape(shape: Floats, norms: Floats, radius: float) -> tuple[Floats, float]:
    """Scale a schedule, and choose its last learning rate, to minimise "last-2".

    At the best scale the bound is R sqrt(B / S_1), so that only eta_T is left to search for.

    Args:
        shape: eta_t up to a factor; its last entry is not used; (T,).
        norms: G_t, positive; (T,).
        radius: R = ||theta_1 - theta*||.

    Returns:
        The learning rates, (T,), and the bound there.

    Raises:
        DataError: the last but one learning rate is 0.

    Source: as ``optimal_tail``.
    """
    _check_last(shape)
    power = (shape[:-1] * norms[:-1]) ** 2
    without = _tail_sums(shape[:-1])

    def squared(log_last: float) -> float:
        last = np.exp(log_last)
        cost = np.sum(power / (without[1:] + last)) + last * norms[-1] ** 2
        return float(cost / (without[0] + last))

    total = np.log(without[0])
    found = minimize_scalar(squared, bounds=(total - 60, total + 5), method="bounded", options={"xatol": 1e-10})
    bound = radius * np.sqrt(found.fun)
    lr = np.append(shape[:-1], np.exp(found.x))
    return lr * radius**2 / (lr.sum() * bound), float(bound)


def _tail_sums(lr: Floats) -> Floats:
    """eta_t + … + eta_{T-1} for t = 1 … T, the last of them 0."""
    return np.append(np.cumsum(lr[::-1])[::-1], 0.0)


def _check_last(lr: Floats) -> None:
    if not lr[-2] > 0:
        raise DataError(f"lr: the last but one is {lr[-2]}; allowed: above 0")
