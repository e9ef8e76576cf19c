"""The weight of each step's gradient in the final network."""

from typing import Literal

import numpy as np
from scipy.signal import lfilter

from lrwd.errors import DataError
from lrwd.theory.formulas._sequences import Floats, checked

# exact: AdamW's own products of (1 - eta lambda); exponential: the post's approximation e**-kappa.
Form = Literal["exact", "exponential"]


def update_weights(lr: Floats, wd: Floats | float, form: Form) -> Floats:
    """Weight of each step's update in the weights after the last step.

    theta_t = … - sum_i w_i u_i,  w_i = eta_i prod_{i<k<=t} (1 - eta_k lambda_k)  or  eta_i e**(kappa_i - kappa_t)

    Args:
        lr: eta_i, (T,).
        wd: lambda_i, (T,) or one number.
        form: ``exact`` (products) or ``exponential`` (the post's approximation).

    Returns:
        (T,), in the unit of eta; the sum is z_t e**-kappa_t.

    Raises:
        DataError: a value is not allowed.

    Source: post 000, Eq. 9.
    """
    lrs, wds = checked(lr, wd)
    if form not in ("exact", "exponential"):
        raise DataError(f"form is {form!r}; allowed: exact, exponential")
    decay = np.log1p(-lrs * wds) if form == "exact" else -lrs * wds
    # Summed from the end, so that the exponent of the last step is exactly 0 and none overflows.
    later = np.concatenate([np.cumsum(decay[:0:-1])[::-1], [0.0]])
    return lrs * np.exp(later)


def gradient_weights(lr: Floats, wd: Floats | float, beta: float, form: Form) -> Floats:
    """Weight of each step's gradient in the average that makes up the final network.

    beta_bar(j, t) = (1 - beta)/z_t sum_{i=j}^t e**kappa_i beta**(i-j) eta_i

    With beta = beta_1 these are the weights of the gradients in the average of m (beta_bar_1), with beta_2 those of
    their squares in the average of v (beta_bar_2). Without bias correction, as in the post.

    Args:
        lr: eta_i, (T,).
        wd: lambda_i, (T,) or one number.
        beta: decay rate of the moment, in [0, 1).
        form: as for ``update_weights``.

    Returns:
        (T,); for beta = 0 they sum to 1, otherwise to less, as the moments start at 0.

    Raises:
        DataError: a value is not allowed, or every eta_i is 0.

    Source: post 000, Eq. 11 and 12; Eq. 13 for beta = 0; Eq. 6 and 7 for constant eta and lambda.
    """
    if not 0.0 <= beta < 1.0:
        raise DataError(f"beta is {beta}; allowed: 0 or more, below 1")
    weights = update_weights(lr, wd, form)
    total = weights.sum()
    if total == 0.0:
        raise DataError("every lr is 0; no gradient has a weight then")
    # S_j = w_j + beta S_{j+1}, a recursive filter that runs backwards in time.
    return (1.0 - beta) / total * lfilter([1.0], [1.0, -beta], weights[::-1])[::-1]


def static_gradient_weights(lr: float, wd: float, beta: float, num_steps: int) -> Floats:
    """Weight of each step's gradient for constant learning rate and decay, in closed form.

    (1 - beta_3)(1 - beta) / ((1 - beta_3**t)(beta_3 - beta)) (beta_3**(t-j+1) - beta**(t-j+1)),
    beta_3 = 1 - lambda eta

    Args:
        lr: eta > 0.
        wd: lambda > 0.
        beta: decay rate of the moment, in [0, 1), not beta_3.
        num_steps: t.

    Returns:
        (t,), of the gradients of steps j = 1 … t.

    Source: post 000, Eq. 6 and 7.
    """
    lrs, wds = checked([lr], wd)
    kept = 1.0 - lrs[0] * wds[0]
    if kept == 1.0 or kept == beta:
        raise DataError(f"1 - lr*wd is {kept}; the closed form needs it to be below 1 and not beta, which is {beta}")
    ages = np.arange(num_steps, 0, -1, dtype=np.float64)
    scale = (1.0 - kept) * (1.0 - beta) / ((1.0 - kept**num_steps) * (kept - beta))
    return scale * (kept**ages - beta**ages)
