"""The design of a random search: a full grid in its place, so that it is simulated in minutes."""

import numpy as np
import pandas as pd

from lrwd.design.grids import MAX_LRS, study_grids
from lrwd.study.load import load_study


def runs(num: int) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            **{"dataset": "d", "arch": "net", "recipe": "imported", "seed": 0, "in_grid": True},
            **{"lr": 10 ** generator.uniform(-4, -1, num), "wd": 10 ** generator.uniform(-3, 0, num)},
        }
    )


def test_a_random_search_is_simulated_as_a_full_grid(config: dict) -> None:
    study = load_study(config, "config.yaml")
    given = runs(300)
    (grid,) = study_grids(study, given)
    assert grid.name == "d/imported (a full grid in place of 300 learning rates)"
    assert grid.wd.shape == (6, 8)
    assert grid.num_seeds == 1
    assert np.isclose(grid.lr[0], given["lr"].min(), rtol=0.02)
    assert np.isclose(grid.wd[0, -1], given["wd"].max(), rtol=0.02)
    (few,) = study_grids(study, runs(MAX_LRS))
    assert few.lr.shape == (MAX_LRS,)
    (without,) = study_grids(study, given.assign(wd=0.0))
    assert without.num_cells == 0
