"""The cost of not knowing later gradients: proved limits on a causal schedule's bound divided by the best bound."""

import numpy as np

from lrwd.theory.formulas._sequences import Floats
from lrwd.theory.formulas.norm_shares import recent_sum

# AdaGrad-norm in a bounded domain, as sum_t g_t^2 / sqrt(V_t) <= 2 sqrt(V_T): Su, "Alchemy, part 5" (2026), Eq. 8.
ADAGRAD_BOUNDED = 1.5


def adagrad_limit(norms: Floats) -> float:
    """AdaGrad-norm on the average in an unbounded domain: 1 + ln(V_T / V_1) / 2.

    Args:
        norms: G_t, positive; (T,).

    Source: not in the post, which finds it "the same" as the bounded domain's; this is its Eq. 20 with V for Q.
    """
    return 1 + float(np.log(np.sum(norms**2) / norms[0] ** 2)) / 2


def inverse_square_limit(norms: Floats) -> float:
    """The causal 1/G^2 on the weighted average: 1 + ln(Q_T / Q_1) / 2.

    Args:
        norms: G_t, positive; (T,).

    Source: Su, "Alchemy, part 5" (2026), Eq. 21.
    """
    return 1 + float(np.log(np.sum(norms**-2.0) * norms[0] ** 2)) / 2


def last_iterate_price(norms: Floats) -> float:
    """Right-hand side of "last-1" for R / sqrt(T V_t) over its least: (1 + sum_t (G_t^2 / V_t) / max(1, T - t)) / 2.

    It is no bound if the learning rate rises; ``bounds.last_iterate`` refuses that.

    Args:
        norms: G_t, positive; (T,).

    Source: Su, "Alchemy, part 5" (2026), Eq. 24, its first line.
    """
    num_steps = len(norms)
    left = np.maximum(1, num_steps - np.arange(1, num_steps + 1))
    return (1 + float(np.sum(norms**2 / recent_sum(norms) / left))) / 2


def last_iterate_limit(num_steps: int) -> float:
    """R / sqrt(T V_t) on the last iterate, if it never rises: (3 + ln T) / 2.

    Source: Su, "Alchemy, part 5" (2026), Eq. 24, its last line.
    """
    return (3 + float(np.log(num_steps))) / 2
