"""Studies with a known ridge: top1 = .7 - fall(ln wd - ln wd*) + noise, ln wd* = ln(factor) + power·ln lr + scatter."""

from collections.abc import Callable, Sequence

import numpy as np

from lrwd import paper
from lrwd.stats.surface import Floats, Surface

WIDE = tuple(np.geomspace(1e-6, 1.0, 13))
# The three truths, each inside the wide grid at every lr: slope of ln wd* on ln lr, and the factor.
TRUTHS = {"ratio": (1.0, 0.1), "constant": (0.0, 1e-3), "timescale": (-1.0, 1e-6)}

Fall = Callable[[Floats], Floats]


def quadratic(curvature: float) -> Fall:
    return lambda d: curvature * d**2


def published(d: Floats) -> Floats:
    """The shape of the paper's Table 2 (CIFAR-100): linear in |ln kappa| rather than quadratic."""
    return np.interp(np.abs(d), np.log([1, 2, 5, 10, 100]), [0, 0.0065, 0.022, 0.0325, 0.06])


def lopsided(d: Floats) -> Floats:
    return np.where(d > 0, 0.012, 0.006) * d**2


def study(
    truth: tuple[float, float],
    rng: np.random.Generator,
    *,
    fall: Fall = published,
    wds: Sequence[float] = WIDE,
    lrs: Sequence[float] = paper.LRS,
    num_seeds: int = 3,
    noise: float = 0.0033,
    scatter: float = 0.0,
) -> Surface:
    power, factor = truth
    lr, axis = np.array(lrs), np.array(wds)
    star = np.log(factor * lr**power) + scatter * rng.normal(size=len(lr))
    ln_wd = np.log(np.where(axis > 0, axis, 1e-8))
    # The level differs by lr, as it does in truth.
    mean = 0.7 + 0.01 * np.sin(np.arange(len(lr)))[:, None] - fall(ln_wd - star[:, None])
    values = np.clip(mean[..., None] + noise * rng.normal(size=(*mean.shape, num_seeds)), 0.0, 1.0)
    return Surface(lr, np.tile(axis, (len(lr), 1)), values, values, np.arange(num_seeds))


def without(surface: Surface, missing: np.ndarray) -> Surface:
    """The surface without some runs; missing: (L, W, S)."""
    select = np.where(missing, np.nan, surface.select)
    return Surface(surface.lr, surface.wd, select, select, surface.seeds)
