import dataclasses

import numpy as np
import pytest

from lrwd.errors import DataError
from lrwd.stats.surface import Surface


def _surface(**changes: object) -> Surface:
    values = np.full((2, 3, 2), 0.5)
    values[1, 2] = np.nan
    fields: dict = {
        "lr": np.array([1e-3, 1e-2]),
        "wd": np.array([[0.0, 0.1, 0.2], [0.1, 0.2, np.nan]]),
        "select": values,
        "report": values.copy(),
        "seeds": np.array([3, 7]),
    }
    return Surface(**{**fields, **changes})


def test_a_ragged_surface_is_accepted_and_counted() -> None:
    surface = _surface()
    assert surface.num_seeds == 2
    assert surface.num_runs == 10
    empty_row = surface.select.copy()
    empty_row[0] = np.nan
    assert dataclasses.replace(surface, select=empty_row).has_data.tolist() == [False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr": np.array([1e-2, 1e-3])}, "lr is"),
        ({"lr": np.array([0.0, 1e-3])}, "lr is"),
        ({"lr": np.array([1e-3, 1e-3])}, "lr is"),
        ({"wd": np.zeros((3, 3))}, "wd has shape"),
        ({"wd": np.array([[0.0, 0.1, 0.2], [0.1, np.nan, 0.2]])}, "NaN before a number"),
        ({"wd": np.array([[0.0, 0.1, 0.1], [0.1, 0.2, np.nan]])}, "ascending in each row"),
        ({"wd": np.array([[-0.1, 0.1, 0.2], [0.1, 0.2, np.nan]])}, "at least 0"),
        ({"select": np.full((2, 3, 3), 0.5)}, "select has shape"),
        ({"report": np.full((2, 3, 2), 50.0)}, "fractions in"),
        ({"select": np.full((2, 3, 2), 0.5)}, "where wd is padding"),
        ({"seeds": np.array([3, 3])}, "each seed once"),
    ],
)
def test_what_is_not_a_surface_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        _surface(**changes)
