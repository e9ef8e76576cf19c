"""Schedules of practice as shares of the peak learning rate, by step."""

import numpy as np
import numpy.typing as npt

from lrwd.theory.formulas._sequences import Floats

Steps = npt.NDArray[np.int64]


def linear_warmup(num_steps: int) -> Floats:
    """Shares that rise linearly to 1 in the last step.

    (s + 1) / W,  s = 0 … W - 1

    Args:
        num_steps: W, 0 or more.

    Returns:
        (num_steps,).

    Source: Goyal et al. (2017), arXiv 1706.02677, Sec. 2.2, by step.
    """
    return np.arange(1, num_steps + 1) / max(num_steps, 1)


def cosine(steps: Steps, num_steps: int | Steps) -> Floats:
    """Shares that fall from 1 to nearly 0 along half a period of a cosine.

    (1 + cos(pi * s / S)) / 2

    Args:
        steps: s = 0 … S - 1, any shape.
        num_steps: S, the length of the decay; one number, or one for each entry of ``steps``.

    Returns:
        Of the shape of ``steps``.

    Source: Loshchilov & Hutter (2017), arXiv 1608.03983, Eq. 5 with eta_min = 0.
    """
    return 0.5 * (1.0 + np.cos(np.pi * steps / num_steps))


def linear(steps: Steps, num_steps: int) -> Floats:
    """Shares that fall linearly from 1 to nearly 0.

    1 - s / S

    Args, Returns: as ``cosine``.

    Source: Defazio et al. (2023), arXiv 2310.07831.
    """
    return 1.0 - steps / num_steps
