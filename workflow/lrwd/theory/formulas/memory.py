"""Training as a moving average: how much of the past a step keeps, and for how long."""

import numpy as np

from lrwd.theory.formulas._sequences import Floats, checked


def retention(lr: float, wd: float) -> float:
    """Share of the weights that a step keeps.

    beta_3 = 1 - lambda eta

    Args:
        lr: eta, the learning rate of the step.
        wd: lambda, in PyTorch's form.

    Raises:
        DataError: lambda eta is outside [0, 1).

    Source: post 000, Eq. 3 and 4.
    """
    lrs, wds = checked([lr], wd)
    return float(1.0 - lrs[0] * wds[0])


def kappa(lr: Floats, wd: Floats | float) -> Floats:
    """Decay that has accumulated after every step, in nats.

    kappa_t = sum_{i<=t} eta_i lambda_i

    Args:
        lr: eta_i, (T,).
        wd: lambda_i, (T,) or one number.

    Returns:
        (T,); e**-kappa_t approximates what is left of the initialisation.

    Source: post 000, Eq. 9.
    """
    lrs, wds = checked(lr, wd)
    return np.cumsum(lrs * wds)


def log_kept(lr: Floats, wd: Floats | float) -> Floats:
    """Exact logarithm of the share of the initialisation that is left after every step.

    ln prod_{i<=t} (1 - eta_i lambda_i)

    Args:
        lr: eta_i, (T,).
        wd: lambda_i, (T,) or one number.

    Returns:
        (T,); at most -kappa_t, which is its first-order approximation.

    Source: the recursion of post 000, Eq. 3, without the approximation of Eq. 9.
    """
    lrs, wds = checked(lr, wd)
    return np.cumsum(np.log1p(-lrs * wds))


def log_z(lr: Floats, wd: Floats | float) -> Floats:
    """Logarithm of the sum of all updates' weights, before the common factor e**-kappa_t.

    z_t = sum_{i<=t} e**kappa_i eta_i

    Args:
        lr: eta_i, (T,).
        wd: lambda_i, (T,) or one number.

    Returns:
        (T,); a logarithm, as z_t itself overflows from kappa_t = 709 on. It is -inf before the first eta above 0.

    Source: post 000, Eq. 10.
    """
    lrs, wds = checked(lr, wd)
    with np.errstate(divide="ignore"):
        return np.logaddexp.accumulate(np.cumsum(lrs * wds) + np.log(lrs))


def memory_period(lr: float, wd: float, c: float) -> float:
    """Number of steps after which a batch's weight has fallen to the share c, exactly.

    beta_3**s = c,  s = ln c / ln(1 - lambda eta)

    Args:
        lr: eta, constant.
        wd: lambda, constant.
        c: share in (0, 1); a batch with a smaller one counts as forgotten.

    Returns:
        Steps, not rounded; infinity without decay.

    Source: post 000, section "Memory Period".
    """
    kept = retention(lr, wd)
    return float(np.log(c) / np.log(kept)) if kept < 1.0 else float("inf")


def memory_period_approximate(lr: float, wd: float, c: float) -> float:
    """Number of steps after which a batch's weight has fallen to the share c, for small lambda eta.

    s = -ln c / (lambda eta)

    Args and Returns: as for ``memory_period``; with c = 1/e it is the time scale 1/(lambda eta).

    Source: post 000, section "Memory Period".
    """
    decayed = 1.0 - retention(lr, wd)
    return float(-np.log(c) / decayed) if decayed > 0.0 else float("inf")
