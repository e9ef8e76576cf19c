"""Schedules under which every batch has the same weight in the final network.

The learning rates as shares of the first one depend on lambda and eta_max only through their product: they are the
learning rates for eta_max = 1 and the decay lambda eta_max.
"""

from collections.abc import Callable

import numpy as np

from lrwd.errors import DataError
from lrwd.theory.formulas._sequences import Floats


def equal_weight(lr_max: float, wd: float, num_steps: int) -> Floats:
    """Learning rates that give every batch the same weight, for a constant weight decay.

    eta_s = eta_max / (lambda eta_max s + 1)

    The post derives it as the solution of a differential equation for its exponential approximation. For AdamW's own
    products it is exact: eta_{j-1} (1 - eta_j lambda) = eta_j is 1/eta_j = 1/eta_{j-1} + lambda.

    Args:
        lr_max: eta_max, of the first step.
        wd: lambda, constant.
        num_steps: steps, s = 0, 1, ….

    Returns:
        eta_s, (num_steps,).

    Source: post 000, Eq. 16.
    """
    steps = np.arange(num_steps, dtype=np.float64)
    return lr_max / (wd * lr_max * steps + 1.0)


def equal_weight_both(lr_max: float, wd_max: float, num_steps: int) -> tuple[Floats, Floats]:
    """Learning rates and decays, in a fixed ratio, that give every batch nearly the same weight.

    eta_s = eta_max / sqrt(2 lambda_max eta_max s + 1),  lambda_s = lambda_max / sqrt(2 lambda_max eta_max s + 1)

    Args:
        lr_max: eta_max, of the first step.
        wd_max: lambda_max, of the first step.
        num_steps: steps, s = 0, 1, ….

    Returns:
        eta_s and lambda_s, (num_steps,) each.

    Source: post 000, Eq. 17 (the solution of a differential equation; ``equal_weight_both_exact`` needs none).
    """
    factor = 1.0 / np.sqrt(2.0 * wd_max * lr_max * np.arange(num_steps, dtype=np.float64) + 1.0)
    return lr_max * factor, wd_max * factor


def equal_weight_recursion(lr_max: float, wd: float, num_steps: int) -> Floats:
    """Learning rates that solve the post's condition of equal weights step by step, for a constant weight decay.

    eta_{j-1} = eta_j e**(lambda eta_j),  so  eta_j = W(lambda eta_{j-1}) / lambda  with Lambert's W

    Args and Returns: as for ``equal_weight``.

    Source: post 000, Eq. 14. Exact for the exponential form of the weights, not for AdamW's products.
    """
    lambert = _lambert_w()
    return _recursion(lr_max, num_steps, lambda lr: lambert(wd * lr) / wd if wd else lr)


def equal_weight_recursion_shares(lr_wd: float, num_steps: int) -> Floats:
    """The learning rates of ``equal_weight_recursion`` as shares of the first one.

    p_{j-1} = p_j e**p_j,  so  p_j = W(p_{j-1}),  with  p_j = lambda eta_j;  the shares are p_j / p_0

    Args:
        lr_wd: p_0 = lambda eta_max, 0 or more.
        num_steps: steps.

    Returns:
        (num_steps,); all 1 without decay.

    Source: as ``equal_weight_recursion``.
    """
    return equal_weight_recursion(lr_wd, 1.0, num_steps) / lr_wd if lr_wd else np.ones(num_steps)


def equal_weight_both_recursion(lr_max: float, wd_max: float, num_steps: int) -> tuple[Floats, Floats]:
    """Learning rates and decays, in a fixed ratio, that solve the post's condition of equal weights step by step.

    eta_{j-1} = eta_j e**(alpha eta_j**2),  so  eta_j = sqrt(W(2 alpha eta_{j-1}**2) / (2 alpha)),
    alpha = lambda_max / eta_max

    Args and Returns: as for ``equal_weight_both``.

    Source: post 000, Eq. 14 with the lambda_s = alpha eta_s of Eq. 17.
    """
    alpha, lambert = _ratio(lr_max, wd_max), _lambert_w()
    lrs = _recursion(lr_max, num_steps, lambda lr: np.sqrt(lambert(2 * alpha * lr**2) / (2 * alpha)) if alpha else lr)
    return lrs, alpha * lrs


def equal_weight_both_exact(lr_max: float, wd_max: float, num_steps: int) -> tuple[Floats, Floats]:
    """Learning rates and decays, in a fixed ratio, that give every batch the same weight under AdamW's products.

    eta_{j-1} (1 - alpha eta_j**2) = eta_j,  so  eta_j = 2 eta_{j-1} / (1 + sqrt(1 + 4 alpha eta_{j-1}**2))

    Args and Returns: as for ``equal_weight_both``.

    Source: the condition before post 000, Eq. 14, with 1 - eta lambda in place of e**(-eta lambda).
    """
    alpha = _ratio(lr_max, wd_max)
    lrs = _recursion(lr_max, num_steps, lambda lr: 2.0 * lr / (1.0 + np.sqrt(1.0 + 4.0 * alpha * lr**2)))
    return lrs, alpha * lrs


def _ratio(lr_max: float, wd_max: float) -> float:
    if lr_max <= 0.0:
        raise DataError(f"lr_max is {lr_max}; allowed: above 0")
    return wd_max / lr_max


def _lambert_w() -> Callable[[float], float]:
    """Lambert's W for numbers of 0 or more."""
    # Imported here: the closed forms above, which trainings use, do without scipy, which takes a while to load.
    from scipy.special import lambertw

    return lambda value: float(lambertw(value).real)


def _recursion(first: float, num_steps: int, following: Callable[[float], float]) -> Floats:
    values = np.empty(num_steps)
    for step in range(num_steps):
        values[step] = first if step == 0 else following(values[step - 1])
    return values
