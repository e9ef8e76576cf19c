from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from lrwd.stats.selection import first_best, optimal_wd, seed_means, select_wd
from lrwd.stats.surface import Surface

SurfaceMaker = Callable[..., Surface]


def _surface(rows: list[list[list[float]]], wd: list[list[float]]) -> Surface:
    values = np.array(rows)
    lr = np.arange(1, len(rows) + 1) * 1e-3
    return Surface(lr, np.array(wd), values, values, np.arange(values.shape[2]))


def test_means_skip_missing_seeds_and_empty_cells() -> None:
    values = np.array([[0.2, 0.4, np.nan], [np.nan, np.nan, 0.9], [np.nan] * 3])
    counts = np.array([[1, 1, 1], [3, 0, 0], [0, 1, 2]])
    expected = [[0.3, 0.9, np.nan], [0.2, np.nan, np.nan], [0.4, 0.9, np.nan]]
    np.testing.assert_allclose(seed_means(values, counts), expected)


def test_ties_go_to_the_first_even_if_the_sum_rounds_otherwise() -> None:
    ordered, reversed_order = (0.1 + 0.2) + 0.3, 0.1 + (0.2 + 0.3)
    assert ordered != reversed_order
    assert first_best(np.array([reversed_order, ordered])) == 0
    assert first_best(np.array([ordered, reversed_order])) == 0
    assert first_best(np.array([[np.nan, 0.3, 0.3 + 1e-9], [np.nan] * 3])).tolist() == [2, -1]


@pytest.mark.parametrize("rng", range(8))
def test_selection_is_pandas_idxmax(rng: int, random_surface: SurfaceMaker) -> None:
    surface = random_surface(rng, missing=0.2)
    chosen = select_wd(surface)
    for row in range(len(surface.lr)):
        cells = [(wd, value) for wd, cell in zip(surface.wd[row], surface.select[row], strict=True) for value in cell]
        frame = pd.DataFrame(cells, columns=["wd", "acc"]).dropna()
        means = frame.groupby("wd")["acc"].mean().round(12)
        assert chosen.wd[row] == means.idxmax()
        assert chosen.num_tied[row] == (means == means.max()).sum()


def test_edges() -> None:
    rows = [[[0.9], [0.1], [0.1]], [[0.1], [0.1], [0.9]], [[0.1], [0.9], [0.1]], [[0.9], [0.1], [0.1]]]
    rows += [[[0.1], [0.9], [0.1]], [[np.nan], [np.nan], [np.nan]], [[np.nan], [0.9], [0.1]]]
    zero, positive = [0.0, 0.1, 0.2], [0.1, 0.2, 0.3]
    surface = _surface(rows, [zero, zero, zero, positive, positive, positive, positive])
    chosen = select_wd(surface)
    # A cell without a run does not count as the row's smallest wd.
    assert chosen.edge == ("zero", "high", "interior", "low", "interior", "", "low")
    assert chosen.wd[:5].tolist() == [0.0, 0.2, 0.1, 0.1, 0.2]
    assert np.isnan(chosen.wd[5])
    assert chosen.index.tolist() == [0, 2, 1, 0, 1, -1, 1]


def test_a_resample_without_a_value_drops_that_wd() -> None:
    surface = _surface([[[0.9, np.nan], [0.1, 0.2]]], [[0.1, 0.2]])
    # Only seed 1 drawn: wd = 0.1 has no value, though it is the best of all seeds.
    assert optimal_wd(surface, np.array([[1, 1], [0, 2], [2, 0]])).ravel().tolist() == [0.1, 0.2, 0.1]


def test_seeds_of_unequal_number_are_averaged_over_those_present() -> None:
    # Mean of 0.1's three seeds is 0.4; 0.2 has one seed, with 0.5.
    surface = _surface([[[0.3, 0.4, 0.5], [np.nan, 0.5, np.nan]]], [[0.1, 0.2]])
    assert select_wd(surface).wd.tolist() == [0.2]
