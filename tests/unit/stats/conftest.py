"""Surfaces with a known truth."""

from collections.abc import Callable

import numpy as np
import pytest

from lrwd import paper
from lrwd.stats.surface import Surface

PAPER_LR = np.array(paper.LRS)
PAPER_WD = np.array(paper.WDS)


@pytest.fixture
def peaked() -> Callable[..., Surface]:
    """Makes a surface that is a parabola in ln wd around wd* = factor·lr**power, with seed noise."""

    def make(
        *, power: float, factor: float, noise: float, num_seeds: int = 5, rng: int = 0, wd: object = None
    ) -> Surface:
        lr = PAPER_LR
        axis = np.geomspace(1e-6, 1e0, 25) if wd is None else np.asarray(wd, dtype=float)
        distance = np.log(axis)[None, :] - np.log(factor * lr**power)[:, None]
        mean = 0.7 - 0.004 * distance**2
        noisy = mean[..., None] + noise * np.random.default_rng(rng).normal(size=(*mean.shape, num_seeds))
        values = np.clip(noisy, 0.0, 1.0)
        return Surface(lr, np.tile(axis, (len(lr), 1)), values, values, np.arange(num_seeds))

    return make


@pytest.fixture
def with_best() -> Callable[..., Surface]:
    """Makes a surface on the paper's grid whose best wd at each lr, in every seed, is the one given."""

    def make(best: list[float], num_seeds: int = 5) -> Surface:
        wd = np.tile(PAPER_WD, (len(best), 1))
        values = np.where(wd == np.array(best)[:, None], 0.8, 0.5)
        values = np.repeat(values[..., None], num_seeds, axis=2)
        return Surface(PAPER_LR[: len(best)], wd, values, values, np.arange(num_seeds))

    return make


@pytest.fixture
def random_surface() -> Callable[..., Surface]:
    """Makes a surface of pure noise on an uneven grid, optionally with runs missing at random."""

    def make(rng: int, num_seeds: int = 5, missing: float = 0.0, zero: bool = True) -> Surface:
        generator = np.random.default_rng(rng)
        wd = np.array([[0.0 if zero else 0.0005, 0.001, 0.01, 0.1], [0.003, 0.03, 0.3, np.nan]] * 2)
        lr = np.array([1e-4, 1e-3, 3e-3, 1e-2])
        select = generator.integers(300, 330, size=(4, 4, num_seeds)) / 1000  # few values, so many ties
        select[generator.random(select.shape) < missing] = np.nan
        select[np.isnan(wd)] = np.nan
        return Surface(lr, wd, select, select, np.arange(num_seeds))

    return make
