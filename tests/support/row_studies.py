"""Small studies with a known ridge, in percentage points, for the tests of the row likelihoods."""

import numpy as np

from lrwd.stats.surface import Floats

LR = np.array([0.002, 0.005, 0.01, 0.02, 0.05])
WD = np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
CENTRE = float(np.log(0.01))


def optimum(lr: Floats, b: float) -> Floats:
    """ln wd* = ln 2 + b·ln(lr/0.01)."""
    return np.log(2.0) + b * (np.log(lr) - CENTRE)


def fall(u: Floats) -> Floats:
    """Saturating at 10 pp below the optimum, steeper above."""
    return np.where(u < 0, -10.0 * np.expm1(-1.2 * u**2 / 10.0), -60.0 * np.expm1(-1.8 * u**2 / 60.0))


def grid(
    b: float,
    *,
    sd: float = 1.0,
    seed_sd: float = 0.0,
    num_seeds: int = 3,
    lr: Floats = LR,
    wd: Floats = WD,
    rng: int = 0,
) -> tuple[Floats, Floats, Floats]:
    """lr (L,), wd (L, W), accuracies in pp (L, W, S); wd = 0 is infinitely far below the optimum."""
    generator = np.random.default_rng(rng)
    tiled = np.tile(wd, (len(lr), 1))
    with np.errstate(divide="ignore"):
        u = np.log(tiled) - optimum(lr, b)[:, None]
    mean = 75 + 3 * np.sin(np.arange(len(lr)))[:, None] - fall(u)
    noise = sd * generator.standard_normal((*tiled.shape, num_seeds))
    shared = seed_sd * generator.standard_normal((len(lr), 1, num_seeds))
    return lr, tiled, mean[..., None] + noise + shared
