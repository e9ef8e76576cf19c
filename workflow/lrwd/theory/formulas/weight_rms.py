"""Root mean square of the weights under decay, if updates of unit size are uncorrelated from step to step."""

import numpy as np

from lrwd.theory.formulas._sequences import Floats, checked


def asymptotic_rms(lr: Floats | float, wd: Floats | float) -> Floats:
    """Weight RMS that AdamW tends to.

    RMS = sqrt(eta / (2 lambda))

    Args:
        lr: eta, any shape.
        wd: lambda, of the same shape or one number.

    Returns:
        Of lr's shape; infinity without decay.

    Source: post 000, sections "Memory Period" and "Optimal Schedule" (which, on Eq. 16, prints eta/2 lambda without
    its root); Kosson et al. (2023), arXiv 2305.17212, have the same equilibrium.
    """
    lrs, wds = np.asarray(lr, dtype=np.float64), np.asarray(wd, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.sqrt(lrs / (2.0 * wds))


def transient_rms(lr: Floats, wd: Floats | float, first_rms: float, beta1: float) -> Floats:
    """Weight RMS after every step, on the way from the initialisation.

    q_t = (1 - eta_t lambda_t)**2 q_{t-1} + eta_t**2,  RMS_t = sqrt(q_t)        for beta_1 = 0

    With momentum, the recursion is for E theta**2, E theta m and E m**2, and this one is computed. For
    constant eta and lambda, and small eta lambda: q_t = e**(-2 kappa_t) q_0 + eta/(2 lambda) (1 - e**(-2 kappa_t)).
    Without decay it is a random walk, q_t = q_0 + eta**2 t, so RMS grows as eta sqrt(t); the post prints sqrt(eta t).

    Args:
        lr: eta_t, (T,).
        wd: lambda_t, (T,) or one number.
        first_rms: sqrt(q_0), of the initial weights.
        beta1: decay rate of the first moment; with Adam's bias correction.

    Returns:
        (T,).

    Source: the recursion of post 000, Eq. 1 and 2, for gradients that are noise of constant size (then v is that size
    squared, and u_t = m_t / sqrt(v_t)).
    """
    lrs, wds = checked(lr, wd)
    theta2, theta_m, m2, unbiased = first_rms**2, 0.0, 0.0, 1.0
    found = np.empty(len(lrs))
    for step, (eta, decay) in enumerate(zip(lrs.tolist(), (lrs * wds).tolist(), strict=True)):
        unbiased *= beta1
        size = eta / (1.0 - unbiased)
        m2 = beta1**2 * m2 + (1.0 - beta1) ** 2
        before = (1.0 - decay) * beta1 * theta_m
        theta2 = (1.0 - decay) ** 2 * theta2 - 2.0 * size * before + size**2 * m2
        theta_m = before - size * m2
        found[step] = theta2
    return np.sqrt(found)
