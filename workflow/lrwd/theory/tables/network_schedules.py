"""How near the schedules of practice are to what post 003 derives from the gradient norms of network trainings."""

from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.undefined import numbers, undefined
from lrwd.theory.formulas.bounds import Floats, last_iterate_tail
from lrwd.theory.formulas.optimal_tail import best_of_shape, optimal_tail
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._norm_schedules import GUESS, OPTIMUM, WARM_COSINE, WARM_LINEAR

STUDIES: tuple[str, ...] = ()
TABLES = ("network_lr", "convex_lr")
CONVEX, SGD = "logistic regression", "SGD"
NOT_SCHEDULES = ("arch", "recipe", "num_seeds", "step", "measured_norm", "norm")
# A schedule warms up if it starts below this share of its peak, and peaks before this share of the training.
STARTS_BELOW, PEAKS_BEFORE = 0.5, 0.5


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Compare each schedule with the minimum of "last-2" on the same norms.

    Args:
        config, records: none.
        tables: ``network_lr``, and for comparison ``convex_lr``.

    Returns:
        A row for each network, recipe and schedule, and for the convex problem: ``bound_over_least``, of "last-2", each
        at its own best scale and end; ``correlation`` and ``moved`` (the share of the summed learning rate that lies
        elsewhere) against the schedule at the minimum; the step of the peak as a share of the training, and the first
        learning rate as a share of the peak; ``norm_start_over_end``, medians of the first and the last twentieth.
    """
    rows = []
    convex = tables["convex_lr"].assign(arch=CONVEX, recipe=SGD, num_seeds=undefined("see convex_runs"))
    for (arch, recipe), own in pd.concat([tables["network_lr"], convex]).groupby(["arch", "recipe"], sort=False):
        norms = own["norm"].to_numpy(dtype=float)
        best, least = optimal_tail(norms, 1.0)
        few = max(1, len(norms) // 20)
        change = float(np.median(norms[:few]) / np.median(norms[-few:]))
        for name in own.columns.difference(NOT_SCHEDULES, sort=False):
            lr = own[name].to_numpy(dtype=float)
            key = {"arch": arch, "recipe": recipe, "num_seeds": own["num_seeds"].iloc[0], "schedule": name}
            rows.append({**key, **_row(lr, norms, best, least), "norm_start_over_end": change})
    return pd.DataFrame(rows)


def _row(lr: Floats, norms: Floats, best: Floats, least: float) -> dict[str, Any]:
    # Without tuning its scale, a schedule that is far too large or small would be judged by its scale alone.
    tuned, bound = best_of_shape(lr, norms, 1.0)
    # Without the last one: it is a weight in the bound, but theta_T does not depend on it.
    mine, theirs = tuned[:-1] / tuned[:-1].sum(), best[:-1] / best[:-1].sum()
    varies = np.ptp(mine) > 1e-9 * mine.max()
    return {
        "bound_over_least": bound / least,
        "bound_at_own_scale_over_least": float(last_iterate_tail(lr, norms, 1.0)) / least,
        "correlation": float(np.corrcoef(mine, theirs)[0, 1]) if varies else undefined("constant"),
        "moved": float(np.abs(mine - theirs).sum() / 2),
        "peak_at": float((np.argmax(mine) + 1) / len(norms)),
        "first_over_peak": float(mine[0] / mine.max()),
    }


def claims(table: pd.DataFrame) -> list[Claim]:
    """That gradient norms explain warm-up, and that practice's schedules are what the theory would choose."""
    return [_warmup(table), _practice(table)]


def _warmup(table: pd.DataFrame) -> Claim:
    rows = table[table["schedule"] == GUESS]
    warms = (rows["first_over_peak"] < STARTS_BELOW) & (rows["peak_at"] < PEAKS_BEFORE)
    listed = "; ".join(
        f"{row.arch}, {row.recipe}: starts at {row.first_over_peak:.2g} of its peak, which is at {row.peak_at:.0%}; "
        f"norms at the start are {row.norm_start_over_end:.2g} of those at the end"
        for row in rows.itertuples()
    )
    verdict = HOLDS if warms.all() else PARTLY if warms.any() else FAILS
    return Claim("003", "Eq. 17", "Gradients are large at first and then fall, which explains warm-up",
                 verdict, f"In {int(warms.sum())} of {len(rows)} trainings. {listed}.")  # fmt: skip


def _practice(table: pd.DataFrame) -> Claim:
    rows = table[table["schedule"].isin((WARM_COSINE, WARM_LINEAR)) & (table["arch"] != CONVEX)]
    near = rows["bound_over_least"] < 1.1
    listed = "; ".join(
        f"{name}: bound {own['bound_over_least'].min():.3g} to {own['bound_over_least'].max():.3g} times the least, "
        f"correlation {numbers(own['correlation']).min():.2f} to {numbers(own['correlation']).max():.2f}"
        for name, own in rows.groupby("schedule")
    )
    verdict = HOLDS if near.all() else PARTLY if near.any() else FAILS
    return Claim("003", "Eq. 28", "The closed form is practice's warm-up and decay", verdict,
                 f"Against {OPTIMUM} on the norms of network trainings, each at its best scale: {listed}.")  # fmt: skip
