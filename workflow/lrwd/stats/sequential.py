"""A study that chooses its own cells: the first round, the stop rule, and the next round of one network."""

from dataclasses import dataclass

import numpy as np

from lrwd.errors import DataError
from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.next_cells import Batch, Limits, NextCell, next_cells
from lrwd.stats.propose import rounded
from lrwd.stats.ridge import HYPOTHESES
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.surface import Floats

_FIRST_REASON = "first round"


@dataclass(frozen=True)
class Rules:
    """When to stop, and how much to run at a time.

    Args:
        limits: what may be run.
        batch: runs a round after the first.
        max_cells: budget of runs of the network, the first round's and failed ones included.
        max_rounds: rounds, the first included.
        half_width: of b's 95% interval, at which the study may stop.
        max_left: slopes of +1, 0, -1 that may be left then.

    Raises:
        DataError: a number is not positive.
    """

    limits: Limits
    batch: int
    max_cells: int
    max_rounds: int
    half_width: float
    max_left: int = 1

    def __post_init__(self) -> None:
        for name in ("batch", "max_cells", "max_rounds", "half_width"):
            if not getattr(self, name) > 0:
                raise DataError(f"{name} is {getattr(self, name)}; allowed: positive")
        if self.max_left < 0:
            raise DataError(f"max_left is {self.max_left}; allowed: at least 0")


@dataclass(frozen=True)
class Round:
    """What a network does next.

    Args:
        stop: no further runs. why: the reason of stopping or of going on, in words.
        batch: the next runs; empty if it stops.
        ridge: the estimate from the runs so far.
    """

    stop: bool
    why: str
    batch: Batch
    ridge: RowRidge


def first_round(lr: Floats, wd_centre: float, num_wd: int, step: float, num_seeds: int) -> tuple[NextCell, ...]:
    """Coarse first round: every learning rate with a few weight decays far apart.

    wd_j = wd_centre·step**(j - (num_wd - 1)/2),  rounded to two digits

    Args:
        lr: ascending, each once; (L,).
        wd_centre: geometric centre of the weight decays.
        num_wd: weight decays at each learning rate, at least 2.
        step: ratio of neighbouring weight decays, above 1; 10 for a decade.
        num_seeds: runs a cell; two at least, or the noise is unknown.

    Raises:
        DataError: an argument is not as stated.
    """
    if len(lr) < 1 or np.any(np.diff(lr) <= 0) or not np.all(lr > 0):
        raise DataError(f"lr is {lr!r}; allowed: positive, ascending, without repeats")
    if not wd_centre > 0 or num_wd < 2 or not step > 1 or num_seeds < 1:
        raise DataError(
            f"wd_centre, num_wd, step and num_seeds are {wd_centre}, {num_wd}, {step}, {num_seeds}; "
            "allowed: positive, at least 2, above 1, at least 1"
        )
    powers = np.arange(num_wd, dtype=np.float64) - (num_wd - 1) / 2
    decays = rounded(wd_centre * np.exp(np.log(step) * powers))
    return tuple(
        NextCell(float(rate), float(decay), seed, _FIRST_REASON)
        for rate in lr
        for decay in decays
        for seed in range(num_seeds)
    )


def next_round(runs: FlatRuns, num_rounds: int, rules: Rules, seed: int, *, direction: str = "max") -> Round:
    """Estimate the ridge from the runs so far, and stop or choose the next runs.

    Stop if 95% half-width <= rules.half_width and at most max_left slopes are left at 99% (gate passed); or the
    budget of runs or rounds is used up; or the limits allow nothing more.

    A pure function: the same runs give the same cells, in whatever order they are listed, so that a study that was
    interrupted goes on as it would have.

    Args:
        runs: all runs so far, failed ones with NaN.
        num_rounds: rounds made so far, the first included.
        rules: limits, batch, budget and stop rule.
        seed: of the particles; each round has its own stream.
        direction: ``max`` or ``min``.
    """
    lr, wd, values = runs.grid()
    ridge = fit_row_likelihood(lr, wd, values, direction=direction)
    left = [name for name in HYPOTHESES if name not in ridge.excluded]
    half = (ridge.b_ci[1] - ridge.b_ci[0]) / 2
    nan = float("nan")
    empty = Batch((), half, half, (nan, nan, nan))
    if ridge.has_number and half <= rules.half_width and len(left) <= rules.max_left:
        return Round(True, f"b is known to ±{half:.2f}, and {len(left)} of 3 slopes left", empty, ridge)
    spare = rules.max_cells - len(runs)
    if spare <= 0:
        return Round(True, f"the budget of {rules.max_cells} runs is used up", empty, ridge)
    if num_rounds >= rules.max_rounds:
        return Round(True, f"{num_rounds} rounds were made, as many as allowed", empty, ridge)
    generator = np.random.default_rng([seed, num_rounds])
    batch = next_cells(runs, ridge, rules.limits, min(rules.batch, spare), generator)
    if not batch.cells:
        return Round(True, batch.reason, batch, ridge)
    if not ridge.has_number:
        return Round(False, ridge.reason, batch, ridge)
    return Round(False, f"b is known to ±{half:.2f}, and {len(left)} of 3 slopes are left", batch, ridge)
