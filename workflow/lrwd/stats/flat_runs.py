"""Runs of one network as a flat list, the form in which a sequential study knows them."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.surface import Floats, Ints


@dataclass(frozen=True, eq=False)
class FlatRuns:
    """One entry a run that was asked for.

    Args:
        lr, wd: of each run; (N,).
        seed: its number, at least 0; (N,).
        value: its response; NaN where the run failed or is missing. A diverged run has a value: that of chance; (N,).

    Raises:
        DataError: a shape or a value is not as stated, or a run occurs twice.
    """

    lr: Floats
    wd: Floats
    seed: Ints
    value: Floats

    def __post_init__(self) -> None:
        shapes = {array.shape for array in (self.lr, self.wd, self.seed, self.value)}
        if shapes != {(len(self.lr),)}:
            raise DataError(f"runs: lr, wd, seed and value have the shapes {shapes}; allowed: one shape (N,)")
        if not np.all(np.isfinite(self.lr) & (self.lr > 0)):
            raise DataError("runs: an lr is not positive and finite")
        if not np.all(np.isfinite(self.wd) & (self.wd >= 0)):
            raise DataError("runs: a wd is negative or not finite")
        if np.any(np.isinf(self.value)):
            raise DataError("runs: a value is infinite; allowed: finite, or NaN for a failed run")
        if len({*zip(self.lr.tolist(), self.wd.tolist(), self.seed.tolist(), strict=True)}) != len(self.lr):
            raise DataError("runs: a run (lr, wd, seed) occurs twice")

    def __len__(self) -> int:
        return len(self.lr)

    @property
    def rates(self) -> Floats:
        """The learning rates, ascending."""
        return np.unique(self.lr)

    def grid(self) -> tuple[Floats, Floats, Floats]:
        """As arrays of a ragged grid: lr (L,), wd (L, W) padded with NaN, responses (L, W, S)."""
        rates, seeds = self.rates, np.unique(self.seed)
        decays = [np.unique(self.wd[self.lr == rate]) for rate in rates]
        width = max((len(row) for row in decays), default=0)
        wd = np.full((len(rates), width), np.nan)
        values = np.full((len(rates), width, len(seeds)), np.nan)
        for i, row in enumerate(decays):
            wd[i, : len(row)] = row
            own = np.flatnonzero(self.lr == rates[i])
            place = np.searchsorted(row, self.wd[own]), np.searchsorted(seeds, self.seed[own])
            values[i][place] = self.value[own]
        return rates, wd, values

    def used_seeds(self, lr: float, wd: float) -> set[int]:
        """Seeds asked for in a cell, failed ones too."""
        return {int(seed) for seed in self.seed[(self.lr == lr) & (self.wd == wd)]}
