"""Slow: answer rates, coverage and errors of the row likelihoods on the landscapes."""

from dataclasses import replace

import numpy as np
import pytest
from landscapes import DEMO_LR, LANDSCAPES, Floats, draw
from operating import Estimate, operate

from lrwd.stats.row_fit import fit_row_likelihood

pytestmark = pytest.mark.slow

# Least share of single answers. Landscapes that cannot be answered from 75 cells have 0.
SINGLE = {
    "symmetric": 0.7,
    "asymmetric": 0.7,
    "collapse": 0.3,
    "bending": 0.5,
    "scatter": 0.6,
    "off centre": 0.0,
    "quiet asymmetric": 0.95,
    "quiet bending": 0.9,
    "skew alternating": 0.2,
    "one dead row": 0.6,
    "shoulders": 0.4,
    "near the ceiling": 0.9,
}


def estimate(lr: Floats, wd: Floats, y: Floats) -> Estimate:
    ridge = fit_row_likelihood(lr, wd, y)
    return Estimate(ridge.b, ridge.b_ci, ridge.b_ci99, ridge.excluded, ridge.verdict)


@pytest.mark.parametrize("name", SINGLE)
def test_operating_characteristics(name: str) -> None:
    found = operate(estimate, LANDSCAPES[name], 60)
    assert found.single.value >= SINGLE[name]
    assert found.cover95.value >= 0.9 - 2 * np.sqrt(0.9 * 0.1 / max(found.cover95.number, 1))
    assert found.wrong.value <= 0.02 + 2 * np.sqrt(0.02 * 0.98 / 60)


@pytest.mark.parametrize("sd", [2.0, 0.33])
@pytest.mark.parametrize("shape", [(5, 5, 3), (6, 8, 5), (5, 7, 1)])
def test_decline_gives_no_number(sd: float, shape: tuple[int, int, int]) -> None:
    """Noise of .33 pp shows the form of the decline: at most 4% on the finest grid, elsewhere 2%."""
    num_lr, num_wd, num_seeds = shape
    lr = DEMO_LR if num_lr == 5 else np.geomspace(1e-3, 0.1, num_lr)
    wd = np.geomspace(0.3, 30, num_wd) if num_wd == 5 else np.geomspace(0.1, 100, num_wd)
    landscape = replace(LANDSCAPES["decline"], sd=sd, seed_sd=0.75 * sd)
    answered = []
    for index in range(60):
        rng = np.random.default_rng([5, index])
        tiled = np.tile(wd, (num_lr, 1))
        y = draw(landscape, (1.0, 0.0, -1.0)[index % 3], rng, lr).runs(tiled, np.arange(num_seeds), rng)
        answered.append(bool(fit_row_likelihood(lr, tiled, y).excluded))
    assert np.mean(answered) <= 0.08
