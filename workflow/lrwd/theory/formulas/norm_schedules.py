"""Learning rates from gradient norms: those that minimise a bound, and their causal forms.

``R`` is the distance to the minimiser, G_t the gradient norm at step t = 1 … T. The optimal ones need the norms of the
whole run; the causal ones at t need the norms up to t (and the number of steps T).
All have the unit of theta^2 / loss: if the loss is multiplied by c they are divided by c, and SGD takes the same path.
"""

import numpy as np

from lrwd.errors import DataError
from lrwd.theory.formulas import norm_shares as shares
from lrwd.theory.formulas._sequences import Floats


def constant_for_average(norms: Floats, radius: float) -> Floats:
    """The constant that minimises both bounds on the average iterate.

    eta_t = R / sqrt(V_T),   V_T = sum_{k<=T} G_k^2

    Args:
        norms: G_t of the whole run; (..., T).
        radius: R.

    Returns:
        Learning rates; (..., T).

    Raises:
        DataError: a norm is not a positive number.

    Source: Su, "Alchemy, part 5" (2026), Eq. 5 and 13. Eq. 13 prints sum G_k under the root; its derivation and
    the unit give sum G_k^2.
    """
    _check(norms)
    return np.repeat(radius / np.sqrt(np.sum(norms**2, axis=-1, keepdims=True)), norms.shape[-1], axis=-1)


def adagrad_norm(norms: Floats, radius: float) -> Floats:
    """AdaGrad with one learning rate for all parameters: the causal form of ``constant_for_average``.

    eta_t = R / sqrt(V_t),   V_t = sum_{k<=t} G_k^2

    Args, Returns, Raises: as ``constant_for_average``.

    Source: Su, "Alchemy, part 5" (2026), Eq. 6 and 14; Streeter and McMahan (2010), arXiv 1002.4862.
    """
    _check(norms)
    return radius / np.sqrt(np.cumsum(norms**2, axis=-1))


def inverse_square(norms: Floats, radius: float) -> Floats:
    """Inversely as the squared gradient norm, which minimises the bound on the weighted average.

    eta_t = R G_t^-2 / sqrt(Q_T),   Q_t = sum_{k<=t} G_k^-2

    Args, Returns, Raises: as ``constant_for_average``.

    Source: Su, "Alchemy, part 5" (2026), below Eq. 17.
    """
    _check(norms)
    weights = shares.inverse_square(norms)
    return radius * weights / np.sqrt(np.sum(weights, axis=-1, keepdims=True))


def inverse_square_causal(norms: Floats, radius: float) -> Floats:
    """The causal form of ``inverse_square``.

    eta_t = R G_t^-2 / sqrt(Q_t),   Q_t = sum_{k<=t} G_k^-2

    Args, Returns, Raises: as ``constant_for_average``.

    Source: Su, "Alchemy, part 5" (2026), Eq. 18.
    """
    _check(norms)
    weights = shares.inverse_square(norms)
    return radius * weights / np.sqrt(np.cumsum(weights, axis=-1))


def constant_for_last(norms: Floats, radius: float) -> Floats:
    """The constant that minimises the bound "last-1" on the last iterate.

    eta_t = R / sqrt(T V_T),   V_T as in ``norm_shares.recent_sum``

    Args, Returns, Raises: as ``constant_for_average``.

    Source: Su, "Alchemy, part 5" (2026), Eq. 23.
    """
    _check(norms)
    num_steps = norms.shape[-1]
    return np.repeat(radius / np.sqrt(num_steps * shares.recent_sum(norms)[..., -1:]), num_steps, axis=-1)


def last_iterate_causal(norms: Floats, radius: float, num_steps: int) -> Floats:
    """The causal form of ``constant_for_last``.

    eta_t = R / sqrt(T V_t),   V_t as in ``norm_shares.recent_sum``

    If the gradients shrink fast enough, V_t falls. The learning rate then rises, and "last-1" does not apply to it.

    Args:
        norms: G_k of the steps so far; (..., t).
        radius: R.
        num_steps: T, of the whole run.

    Returns:
        Learning rates of the steps so far; (..., t).

    Raises:
        DataError: a norm is not a positive number, or there are more than T.

    Source: Su, "Alchemy, part 5" (2026), between Eq. 23 and 24.
    """
    _check(norms, num_steps)
    return radius / np.sqrt(num_steps * shares.recent_sum(norms))


def from_weights(weights: Floats) -> Floats:
    """Learning rates whose last iterate has the same bound as the average with the given weights.

    eta_t = w_t w_{t+1:T} / w_{1:T},   w_{i:j} = w_i + … + w_j

    With them E[L(theta_T) - L*] <= (R^2 + sum_t w_t^2 G_t^2) / (2 w_{1:T}), which is ``weighted_average`` with w as
    its learning rates: with z_1 = theta_1 and z_{t+1} = z_t - w_t g_t, the loss of theta_T is at most the average of
    (w_t / w_{1:T}) g_t·(z_t - theta*).

    Args:
        weights: w_t, positive; (..., T).

    Returns:
        Learning rates; (..., T). The last is 0: theta_T is reached before it.

    Source: Defazio et al. (2023), arXiv 2310.07831, the theorem on schedules refined from gradient norms.
    """
    return shares.refined(weights) / np.sum(weights, axis=-1, keepdims=True)


def warmup_decay(norms: Floats, radius: float) -> Floats:
    """The closed form guessed for "last-2": ``inverse_square`` times a decay to 0.

    eta_t = R G_t^-2 / sqrt(Q_T) (1 - Q_t / Q_T),   Q_t = sum_{k<=t} G_k^-2

    It is ``from_weights`` of the weights that minimise the bound there, R / sqrt(Q_T): the optimum of that bound. The
    minimum of "last-2" itself is ``optimal_tail``.

    Args, Returns, Raises: as ``constant_for_average``; the last learning rate is 0.

    Source: Su, "Alchemy, part 5" (2026), Eq. 28; Defazio et al. (2023), arXiv 2310.07831.
    """
    return from_weights(inverse_square(norms, radius))


def warmup_decay_causal(norms: Floats, radius: float, num_steps: int) -> Floats:
    """The causal form of ``warmup_decay``, for which no bound is proved.

    eta_t = R G_t^-2 / sqrt(Q_t) (1 - t / T),   Q_t = sum_{k<=t} G_k^-2

    Args, Returns, Raises: as ``last_iterate_causal``; the learning rate at T is 0.

    Source: Su, "Alchemy, part 5" (2026), Eq. 29.
    """
    _check(norms, num_steps)
    return inverse_square_causal(norms, radius) * (1 - np.arange(1, norms.shape[-1] + 1) / num_steps)


def _check(norms: Floats, num_steps: int | None = None) -> None:
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise DataError("norms: allowed are finite gradient norms above 0")
    if num_steps is not None and norms.shape[-1] > num_steps:
        raise DataError(f"norms: {norms.shape[-1]} steps; allowed: at most the {num_steps} of the run")
