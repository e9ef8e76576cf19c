"""Learning rates that post 003 derives from gradient norms, and those norms, on a convex problem."""

from dataclasses import dataclass

import pandas as pd

from lrwd.theory.tables._convex import ConvexConfig, setting
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._norm_schedules import candidates

STUDIES: tuple[str, ...] = ()
TABLES: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config(ConvexConfig):
    """Knobs of the runs on the convex problem; no others."""


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Every schedule that is fixed before the run, step by step.

    Args:
        config: the knobs.
        records, tables: none.

    Returns:
        A row for each step (from 1): the pilot's G_t, and eta_t of each schedule in a column of its name.
    """
    found = setting(config)
    columns = {one.name: one.lr for one in candidates(found.norms, found.radius, config.warmup)}
    return pd.DataFrame({"step": range(1, config.num_steps + 1), "norm": found.norms, **columns})
