"""SGD on a convex problem under every schedule of post 003: gaps and bounds of each run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.undefined import Entry, undefined
from lrwd.errors import ConfigError, DataError
from lrwd.theory.formulas import bounds
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.sgd import Runs, Schedule, run_sgd
from lrwd.theory.tables._convex import ConvexConfig, Setting, batches, setting
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._norm_schedules import OWN_PAST, candidates, own_norms

STUDIES: tuple[str, ...] = ()
TABLES: tuple[str, ...] = ()
# Bound -> the gap that it bounds.
BOUNDS = {
    "average, bounded domain": "average",
    "average": "average",
    "weighted average": "weighted",
    "last-1": "last",
    "last-2": "last",
    "last, by weights": "last",
}
RISES = undefined("the learning rate rises")
OWN_LR = undefined("the learning rate depends on the run's own gradients")
NO_WEIGHTS = undefined("not made from weights")


@dataclass(frozen=True)
class Config(ConvexConfig):
    """Knobs of the runs on the convex problem, and factors: what the theory's learning rates are multiplied by."""

    factors: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if 1 not in self.factors or not all(factor > 0 for factor in self.factors):
            raise ConfigError(f"factors: {list(self.factors)} is not allowed; each above 0, and 1 among them")


@dataclass(frozen=True, eq=False)
class _Entry:
    """A schedule: its name, what it knows, its learning rates at a factor, and the weights it is made from, if any."""

    name: str
    knows: str
    at: Callable[[float], Schedule]
    weights: Floats | None


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Run every schedule at every factor with every seed, all on the same batches.

    Args:
        config: the knobs.
        records, tables: none.

    Returns:
        A row a run: ``gap_average`` and ``gap_weighted`` (of the losses of the batches, less those at theta*; their
        expectation is the gap), ``gap_last`` (over all images), ``gap_of_average`` (of the averaged parameters), and
        each bound with the run's own norms: of gap and bound, the expectations obey the inequality.
    """
    found = setting(config)
    images = batches(config, "measured")
    rows: list[dict[str, Any]] = []
    for entry in _entries(config, found):
        runs = run_sgd(found.problem, found.best, images, [entry.at(factor) for factor in config.factors])
        for index, factor in enumerate(config.factors):
            key = {"schedule": entry.name, "knows": entry.knows, "factor": factor}
            rows += [{**key, "seed": seed, **run} for seed, run in enumerate(_rows(runs, index, factor, entry))]
    return pd.DataFrame(rows)


def _entries(config: Config, found: Setting) -> Iterator[_Entry]:
    for one in candidates(found.norms, found.radius, config.warmup):
        yield _Entry(one.name, one.knows, partial(np.multiply, one.lr), one.weights)
    for name in own_norms(found.radius, config.num_steps):

        def at(factor: float, name: str = name) -> Schedule:
            # Each schedule is proportional to R.
            return own_norms(factor * found.radius, config.num_steps)[name]

        yield _Entry(name, OWN_PAST, at, None)


def _rows(runs: Runs, index: int, factor: float, entry: _Entry) -> Iterator[dict[str, Any]]:
    """A row for each seed."""
    lr, norms, regret = runs.lr[index], runs.norms[index], runs.regret[index]
    gaps = {
        "gap_average": regret.mean(axis=-1),
        "gap_weighted": np.sum(lr * regret, axis=-1) / lr.sum(axis=-1),
        "gap_last": runs.last_gap[index],
        "gap_of_average": runs.average_gap[index],
    }
    for seed in range(len(lr)):
        values = _bounds(lr[seed], norms[seed], float(runs.farthest[index, seed]), runs.radius, factor, entry)
        yield {**{name: gap[seed] for name, gap in gaps.items()}, **values}


def _bounds(lr: Floats, norms: Floats, farthest: float, radius: float, factor: float, entry: _Entry) -> dict[str, Any]:
    """Every bound of one run, or why there is none."""
    own = entry.knows == OWN_PAST
    return {
        "average, bounded domain": _falling(bounds.average_iterate_bounded, lr, norms, farthest),
        "average": OWN_LR if own else _falling(bounds.average_iterate, lr, norms, radius),
        "weighted average": OWN_LR if own else float(bounds.weighted_average(lr, norms, radius)),
        "last-1": OWN_LR if own else _falling(bounds.last_iterate, lr, norms, radius),
        "last-2": OWN_LR if own else float(bounds.last_iterate_tail(lr, norms, radius)),
        # from_weights is linear: learning rates times f belong to weights times f.
        "last, by weights": NO_WEIGHTS
        if entry.weights is None
        else float(bounds.weighted_average(factor * entry.weights, norms, radius)),
    }


def _falling(bound: Callable[..., Floats], lr: Floats, norms: Floats, radius: float) -> Entry:
    try:
        return float(bound(lr, norms, radius))
    except DataError:
        return RISES
