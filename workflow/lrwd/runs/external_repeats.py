"""Tells repeated runs of one cell apart: by their seeds, or by number where there is no seed."""

import numpy as np
import pandas as pd

from lrwd.errors import DataError
from lrwd.runs.external_numbers import places_of

CELL = ["dataset", "arch", "recipe", "lr", "wd"]
# Columns that count within one training. `epochs`, its budget, is none of them.
_CLOCKS = ("epoch", "step", "_step", "global_step", "iteration", "iter", "trainer/global_step", "_timestamp")
_SHOWN = 5


def refuse_epochs(runs: pd.DataFrame, texts: pd.DataFrame, places: pd.Series, source: str) -> None:
    """Refuse a file with a row for every epoch, whose rows would pass for repeats.

    Args:
        runs: rows with the columns CELL, and ``seed`` if the file has it.
        texts: the same rows, as text.
        places: where they stand.
        source: the file.

    Raises:
        DataError: within cells, some column counts upwards in equal steps.
    """
    keys = [name for name in (*CELL, "seed") if name in runs]
    sizes = runs.groupby(keys, sort=False)["lr"].transform("size")
    several = sizes >= 3
    if not several.any():
        return
    for name in texts.columns:
        if name.lower() not in _CLOCKS:
            continue
        clock = pd.to_numeric(texts[name], errors="coerce")[several]
        ordered = runs[several].assign(clock=clock).sort_values([*keys, "clock"])
        steps = ordered.groupby(keys, sort=False)["clock"].diff().dropna()
        spread = steps.groupby([ordered.loc[steps.index, key] for key in keys], sort=False).agg(["min", "max"])
        even = (spread["min"] > 0) & np.isclose(spread["min"], spread["max"])
        if clock.notna().all() and even.all():
            raise DataError(
                f"{source}: it seems to have a row for every {name!r} of a training: {places_of(places[several])} are "
                f"one cell each time, and {name!r} counts upwards in each; allowed: one row a run. Keep the last row "
                "of each"
            )


def numbered(runs: pd.DataFrame, notes: list[str]) -> pd.Series:
    """Seeds 0, 1, … for the runs of every cell, in the order of the file, where it has no seeds."""
    seeds = runs.groupby(CELL, sort=False).cumcount()
    most = int(seeds.max()) + 1 if len(seeds) else 0
    notes.append(
        f"There is no column seed: runs of one cell are taken as repeats and numbered from 0 (at most {most} a cell)."
    )
    return seeds.astype("int64")


def refuse_duplicates(runs: pd.DataFrame, places: pd.Series, source: str) -> None:
    """Refuse rows that are the same run.

    Raises:
        DataError: the message names them.
    """
    keys = [*CELL, "seed"]
    twice = runs[runs.duplicated(keys, keep=False)]
    if twice.empty:
        return
    firsts = twice.drop_duplicates(keys)
    found = []
    for _, first in firsts.head(_SHOWN).iterrows():
        same = twice[(twice[keys] == first[keys]).all(axis=1)]
        cell = ", ".join(f"{name}={first[name]}" for name in keys)
        found.append(f"{places_of(places[same.index])}: {cell}")
    number = len(firsts)
    raise DataError(
        f"{source}: {number} {'run occurs' if number == 1 else 'runs occur'} more than once; allowed: one row a run "
        "(different trainings of one cell have different seeds). " + "; ".join(found)
    )
