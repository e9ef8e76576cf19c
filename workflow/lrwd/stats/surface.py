"""The accuracy surface over (lr, wd, seed) of one architecture, data set and recipe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrwd.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Surface:
    """Accuracy a(lr, wd, seed) on a grid. Each row (lr) may have different weight decays.

    Args:
        lr: peak learning rates, ascending; (L,).
        wd: weight decays of each lr, ascending, padded at the end with NaN; (L, W).
        select: the accuracy used for selection, a fraction, NaN where a run is missing; (L, W, S).
        report: the accuracy that is reported, a fraction, NaN where a run is missing; (L, W, S).
        seeds: names of the seeds; (S,).

    Raises:
        DataError: a shape, an order or a value violates the above.
    """

    lr: Floats
    wd: Floats
    select: Floats
    report: Floats
    seeds: Ints

    def __post_init__(self) -> None:
        _check_axes(self)
        for name in ("select", "report"):
            _check_values(self, name)

    @property
    def num_seeds(self) -> int:
        """Number of seeds, S."""
        return len(self.seeds)

    @property
    def num_runs(self) -> int:
        """Number of runs with a ``select`` accuracy."""
        return int(np.isfinite(self.select).sum())

    @property
    def has_data(self) -> NDArray[np.bool_]:
        """Mask of the lr with at least one run; (L,)."""
        return np.asarray(np.isfinite(self.select).any(axis=(1, 2)))


def _check_axes(surface: Surface) -> None:
    lr, wd, seeds = surface.lr, surface.wd, surface.seeds
    if lr.ndim != 1 or not np.all(np.isfinite(lr)) or np.any(lr <= 0) or np.any(np.diff(lr) <= 0):
        raise DataError(f"surface: lr is {lr!r}; allowed: positive, finite, ascending, without repeats")
    if wd.ndim != 2 or len(wd) != len(lr):
        raise DataError(f"surface: wd has shape {wd.shape}; allowed: ({len(lr)}, W)")
    padding = np.isnan(wd)
    # A number after a NaN would change the order in which ties are resolved.
    if np.any(padding[:, :-1] & ~padding[:, 1:]):
        raise DataError("surface: wd has a NaN before a number; allowed: NaN at the end of a row")
    steps = np.diff(wd, axis=1)
    if np.any(wd < 0) or np.any(np.isinf(wd)) or np.any(steps[~np.isnan(steps)] <= 0):
        raise DataError(f"surface: wd is {wd!r}; allowed: finite, at least 0, ascending in each row")
    if seeds.ndim != 1 or len(np.unique(seeds)) != len(seeds):
        raise DataError(f"surface: seeds are {seeds!r}; allowed: each seed once")


def _check_values(surface: Surface, name: str) -> None:
    values: Floats = getattr(surface, name)
    expected = (*surface.wd.shape, len(surface.seeds))
    if values.shape != expected:
        raise DataError(f"surface: {name} has shape {values.shape}; allowed: {expected}")
    wrong = np.isinf(values) | (values < 0) | (values > 1)
    if np.any(wrong):
        raise DataError(f"surface: {name} has the value {values[wrong][0]}; allowed: fractions in [0, 1]")
    if np.any(np.isfinite(values[np.isnan(surface.wd)])):
        raise DataError(f"surface: {name} has a value where wd is padding (NaN)")
