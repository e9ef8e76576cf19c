"""Learning rates that post 003 would have chosen for network trainings, from their gradient norms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.ndimage import median_filter

from lrwd.errors import ConfigError, DataError
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._norm_schedules import candidates

STUDIES = ("gradient_norms",)
TABLES: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """Knobs of the schedules.

    Args:
        warmup: warm-up of the schedules of practice, as a share of the training.
        smooth_steps: window of the median filter on the norms, an odd number of steps; 1 for none. The post has none;
            a few seeds are a noisy estimate of G_t, and Defazio et al. (2023) filter theirs so.
    """

    warmup: float
    smooth_steps: int

    def __post_init__(self) -> None:
        if not 0 <= self.warmup < 1:
            raise ConfigError(f"warmup: {self.warmup} is not allowed; 0 or more, below 1")
        if self.smooth_steps < 1 or self.smooth_steps % 2 == 0:
            raise ConfigError(f"smooth_steps: {self.smooth_steps} is not allowed; an odd number, 1 or more")


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Every schedule that is fixed before the run, step by step, for each network and recipe.

    G_t^2 is the mean of ||g_t||^2 over the seeds that did not diverge. R is unknown, so it is taken as 1: only the
    shapes count.

    Args:
        config: the knobs.
        records: of the study ``gradient_norms``, whose recipes keep every step's gradient norm.
        tables: none.

    Returns:
        A row for each network, recipe and step (from 1): the number of seeds, the measured and the filtered norm, and
        eta_t of each schedule in a column of its name.

    Raises:
        DataError: no seed of a network is left.
    """
    frames = []
    for key, norms in _traces(records["gradient_norms"]).items():
        measured = np.sqrt(np.mean(norms**2, axis=0))
        # Beyond the ends the nearest value is repeated, so that the first norms are not mixed with later ones.
        filtered = median_filter(measured, config.smooth_steps, mode="nearest")
        schedules = {one.name: one.lr for one in candidates(filtered, 1.0, config.warmup)}
        names = {"arch": key[0], "recipe": key[1], "num_seeds": len(norms)}
        trace = {"step": range(1, len(measured) + 1), "measured_norm": measured, "norm": filtered}
        frames.append(pd.DataFrame({**names, **trace, **schedules}))
    return pd.concat(frames, ignore_index=True)


def _traces(records: Sequence[dict[str, Any]]) -> dict[tuple[str, str], Floats]:
    """Norms of all seeds, (S, T), of each network and recipe."""
    found: dict[tuple[str, str], list[list[float]]] = {}
    for record in records:
        key = (record["spec"]["arch"]["name"], record["spec"]["recipe"]["name"])
        rows = found.setdefault(key, [])
        if record["status"] == "ok":
            rows.append(record["gradient_norms"])
    for key, rows in found.items():
        if not rows:
            raise DataError(
                f"study gradient_norms: every training of {'/'.join(key)} diverged; allowed: some that do not"
            )
    archs = [arch for arch, _ in found]
    # All recipes of an architecture together, whatever the order of the records.
    ordered = sorted(found, key=lambda key: archs.index(key[0]))
    return {key: np.array(found[key], dtype=np.float64) for key in ordered}
