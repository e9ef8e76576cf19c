"""Learning rates from gradient norms without their scale R, in the form in which trainings use them.

G_t is the gradient norm at step t = 1 … T. ``norm_schedules`` gives the same learning rates with their scale, which is
what the bounds are about. Functions ``…_now`` take the norms up to the current step and return this step's share of
the learning rate of step 1 (except for a factor such as 1 - t/T): they need no later norm, so they are causal.
"""

import numpy as np

from lrwd.theory.formulas._sequences import Floats


def inverse_square(norms: Floats) -> Floats:
    """Inversely as the squared gradient norm: G_t^-2.

    Args:
        norms: G_t, positive; (..., T).

    Returns:
        (..., T).

    Source: Su, "Alchemy, part 5" (2026), Eq. 17 and below.
    """
    return norms**-2


def inverse_square_now(norms: Floats) -> float:
    """Share of the current step in the causal form of ``inverse_square``.

    G_t^-2 / sqrt(Q_t) / (G_1^-2 / sqrt(Q_1)),   Q_t = sum_{k<=t} G_k^-2

    Args:
        norms: G_1 … G_t, positive; (t,).

    Returns:
        A number above 0; 1 in step 1.

    Source: Su, "Alchemy, part 5" (2026), Eq. 18.
    """
    relative = inverse_square(norms / norms[0])
    return relative[-1] / np.sqrt(relative.sum())


def adagrad_norm_now(norms: Floats) -> float:
    """Share of the current step in AdaGrad with one learning rate for all parameters.

    G_1 / sqrt(V_t),   V_t = sum_{k<=t} G_k^2

    Args, Returns: as ``inverse_square_now``; at most 1.

    Source: Su, "Alchemy, part 5" (2026), Eq. 6 and 14; Streeter and McMahan (2010), arXiv 1002.4862. Eq. 14 prints
    sum G_k; its derivation and the unit give sum G_k^2.
    """
    return norms[0] / np.sqrt(np.sum(norms**2))


def recent_sum(norms: Floats) -> Floats:
    """Squared gradient norms summed with weights that fall with their age.

    V_t = sum_{k<=t} G_k^2 / max(1, t - k)

    Args:
        norms: G_t; (..., T).

    Returns:
        V_t of every step; (..., T).

    Source: Su, "Alchemy, part 5" (2026), Eq. 23.
    """
    # Imported here: most schedules do without scipy, which takes a while to load.
    from scipy.signal import fftconvolve

    num_steps = norms.shape[-1]
    squares = norms**2
    weights = np.broadcast_to(1.0 / np.maximum(1, np.arange(num_steps)), norms.shape)
    sums = fftconvolve(squares, weights, axes=-1)[..., :num_steps]
    # The rounding error of the Fourier transform is relative to the run's largest norm; V_t >= G_t^2 always.
    return np.maximum(sums, squares)


def last_iterate(norms: Floats) -> Floats:
    """Inversely as the root of ``recent_sum``: 1 / sqrt(V_t).

    Args, Returns: as ``inverse_square``.

    Source: Su, "Alchemy, part 5" (2026), between Eq. 23 and 24.
    """
    return recent_sum(norms) ** -0.5


def last_iterate_now(norms: Floats) -> float:
    """Share of the current step in ``last_iterate``.

    G_1 / sqrt(V_t),   V_t as in ``recent_sum``, here summed directly, as only one of them is needed

    Args, Returns, Source: as ``inverse_square_now`` and ``last_iterate``.
    """
    age = np.arange(len(norms))[::-1]
    return norms[0] / np.sqrt(np.sum(norms**2 / np.maximum(1, age)))


def refined(weights: Floats) -> Floats:
    """A weight times the sum of all later ones: w_t (w_{t+1} + … + w_T).

    Args:
        weights: w_t, positive; (..., T).

    Returns:
        (..., T). The last is 0.

    Source: Defazio et al. (2023), arXiv 2310.07831, the theorem on schedules refined from gradient norms.
    """
    later = np.zeros_like(weights)
    # Summed from the end, so that no rounding error is left in the last steps.
    later[..., :-1] = np.flip(np.cumsum(np.flip(weights[..., 1:], -1), axis=-1), -1)
    return weights * later


def warmup_decay(norms: Floats) -> Floats:
    """``inverse_square`` times a decay to 0.

    G_t^-2 (Q_T - Q_t),   Q_t = sum_{k<=t} G_k^-2

    Args, Returns: as ``inverse_square``; the last is 0.

    Source: Su, "Alchemy, part 5" (2026), Eq. 28; Defazio et al. (2023), arXiv 2310.07831.
    """
    return refined(inverse_square(norms))


def warmup_decay_now(norms: Floats, num_steps: int) -> float:
    """Share of the current step in the causal form of ``warmup_decay``, for which no bound is proved.

    ``inverse_square_now`` times 1 - t / T

    Args:
        norms: G_1 … G_t, positive; (t,).
        num_steps: T, of the whole run.

    Returns:
        A number, 0 or more; 1 - 1/T in step 1, 0 in step T.

    Source: Su, "Alchemy, part 5" (2026), Eq. 29.
    """
    return inverse_square_now(norms) * (1.0 - len(norms) / num_steps)
