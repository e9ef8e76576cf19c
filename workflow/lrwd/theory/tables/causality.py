"""What it costs in the bounds of post 003 not to know the gradients to come, and to guess an optimum."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lrwd.analysis.undefined import Entry, number, numbers, reason, undefined
from lrwd.theory.formulas import bounds, causality
from lrwd.theory.formulas import norm_schedules as derived
from lrwd.theory.formulas.bounds import Floats
from lrwd.theory.formulas.optimal_tail import optimal_tail, with_best_final
from lrwd.theory.tables._claim import FAILS, HOLDS, PARTLY, Claim
from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._norm_schedules import (
    ADAGRAD,
    CONSTANT_AVERAGE,
    CONSTANT_LAST,
    GUESS,
    GUESS_CAUSAL,
    INVERSE,
    INVERSE_CAUSAL,
    LAST_CAUSAL,
    OPTIMUM,
)

STUDIES: tuple[str, ...] = ()
TABLES = ("convex_lr", "convex_bounds", "network_lr")
CONVEX = "logistic regression"
ANY_ORDER = undefined("the bound asks for no order")
NO_LIMIT = undefined("none is proved")
SLIP = "constant, as printed (ΣG)"
AS_PRINTED, BY_WEIGHTS = "last-2, as printed", "last, by weights"


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Ratio of two schedules' bounds on the same gradient norms; R cancels.

    Args:
        config, records: none.
        tables: ``convex_lr``, ``convex_bounds``, ``network_lr``.

    Returns:
        A row for each trace of norms and comparison: the bound's right-hand side for ``schedule`` over that for
        ``against``, the limit that is proved for it, whether it is kept, how far ``schedule`` rises where the bound
        asks that it never does, and the same ratio of the gaps that SGD measured.
    """
    traces = {CONVEX: tables["convex_lr"]["norm"]}
    for (arch, recipe), own in tables["network_lr"].groupby(["arch", "recipe"], sort=False):
        traces[f"{arch}, {recipe}"] = own["norm"]
    rows = []
    for trace, column in traces.items():
        norms = column.to_numpy(dtype=float)
        gaps = tables["convex_bounds"].set_index(["schedule", "bound"])["gap"] if trace == CONVEX else None
        for row in _rows(norms):
            rows.append({"trace": trace, "num_steps": len(norms), **row, "measured": _measured(row, gaps)})
    return pd.DataFrame(rows)


def _measured(row: dict[str, Any], gaps: pd.Series | None) -> Entry:
    """Ratio of the gaps that SGD measured under both schedules."""
    if gaps is None:
        return undefined("networks were not trained with it")
    both = [(row[name], row["bound"]) for name in ("schedule", "against")]
    if not all(one in gaps for one in both):
        return undefined("one schedule only")
    return float(gaps[both[0]] / gaps[both[1]])


def _rows(norms: Floats) -> Iterator[dict[str, Any]]:
    num = len(norms)
    constant, adagrad = derived.constant_for_average(norms, 1.0), derived.adagrad_norm(norms, 1.0)
    inverse, inverse_causal = derived.inverse_square(norms, 1.0), derived.inverse_square_causal(norms, 1.0)
    last_causal = derived.last_iterate_causal(norms, 1.0, num)
    guess, guess_causal = derived.warmup_decay(norms, 1.0), derived.warmup_decay_causal(norms, 1.0, num)
    _, least = optimal_tail(norms, 1.0)
    by_weights = float(bounds.weighted_average(inverse, norms, 1.0))

    def tail(lr: Floats) -> float:
        return float(bounds.last_iterate_tail(lr, norms, 1.0))

    def ratio(bound: Any, one: Floats, other: Floats) -> float:
        return float(bound(one, norms, 1.0) / bound(other, norms, 1.0))

    bounded = ratio(bounds.average_iterate_bounded, adagrad, constant)
    yield _row("average, bounded domain", ADAGRAD, CONSTANT_AVERAGE, bounded, causality.ADAGRAD_BOUNDED, adagrad)
    free = ratio(bounds.average_iterate, adagrad, constant)
    yield _row("average", ADAGRAD, CONSTANT_AVERAGE, free, causality.adagrad_limit(norms), adagrad)
    printed = np.full(num, 1 / np.sqrt(norms.sum()))
    yield _row("average", SLIP, CONSTANT_AVERAGE, ratio(bounds.average_iterate, printed, constant), NO_LIMIT)
    weighted = ratio(bounds.weighted_average, inverse_causal, inverse)
    yield _row("weighted average", INVERSE_CAUSAL, INVERSE, weighted, causality.inverse_square_limit(norms))
    price = causality.last_iterate_price(norms)
    yield _row("last-1", LAST_CAUSAL, CONSTANT_LAST, price, causality.last_iterate_limit(num), last_causal)
    yield _row(AS_PRINTED, GUESS, OPTIMUM, tail(guess) / least, NO_LIMIT)
    yield _row("last-2", GUESS, OPTIMUM, tail(with_best_final(guess, norms, 1.0)) / least, NO_LIMIT)
    yield _row("last-2", GUESS_CAUSAL, OPTIMUM, tail(with_best_final(guess_causal, norms, 1.0)) / least, NO_LIMIT)
    yield _row(BY_WEIGHTS, GUESS, f"{OPTIMUM}, by last-2", by_weights / least, NO_LIMIT)


def _row(
    bound: str, schedule: str, against: str, ratio: float, limit: Entry, falling: Floats | None = None
) -> dict[str, Any]:
    """One comparison; ``falling`` is the schedule if the bound requires that it never rises."""
    return {
        "bound": bound,
        "schedule": schedule,
        "against": against,
        "ratio": "inf" if np.isinf(ratio) else ratio,
        "limit": limit,
        "within": limit if reason(limit) else bool(ratio <= number(limit)),
        "rises_by": ANY_ORDER if falling is None else _largest_rise(falling),
    }


def _largest_rise(lr: Floats) -> float:
    """How far the learning rate rises above its least value so far, as a share of that."""
    return float(np.max(lr / np.minimum.accumulate(lr))) - 1


def claims(table: pd.DataFrame) -> list[Claim]:
    """The prices of causality, and the guessed optimum."""
    return [
        _price(table, "average, bounded domain", "Eq. 8", "R/√(Σ‖g‖²) costs at most a factor 3/2"),
        _price(table, "weighted average", "Eq. 21", "R G⁻²/√Q_t costs at most 1 + ½ ln(Q_T/Q_1)"),
        _price(table, "last-1", "Eq. 24", "R/√(T V_t) costs at most (3 + ln T)/2"),
        _slip(table),
        _guess(table),
        _guess_causal(table),
    ]


def _price(table: pd.DataFrame, bound: str, place: str, text: str) -> Claim:
    rows = table[(table["bound"] == bound) & (table["schedule"] != SLIP)]
    ratio, limit = numbers(rows["ratio"]), numbers(rows["limit"])
    rises = numbers(rows["rises_by"]).fillna(0)
    kept, applies = ratio <= limit, rises <= 1e-9
    verdict = HOLDS if (kept & applies).all() else FAILS if not kept.any() else PARTLY
    gap = numbers(rows["measured"]).max()
    found = (
        f"On {int(kept.sum())} of {len(rows)} traces of gradient norms: {ratio.min():.3g} to {ratio.max():.3g} times "
        f"the least, limits {limit.min():.3g} to {limit.max():.3g}. Measured on the convex problem, the gap is "
        f"{gap:.3g} times that of the best schedule."
    )
    if not applies.all():
        found += (
            f" But on {int((~applies).sum())} the learning rate rises, by up to {rises.max():.0%} above its least, and "
            "the inequality, which needs one that never does, bounds nothing there; the post does not say so."
        )
    return Claim("003", place, text, verdict, found)


def _slip(table: pd.DataFrame) -> Claim:
    ratio = numbers(table[table["schedule"] == SLIP]["ratio"])
    return Claim(
        "003",
        "Eq. 13",
        "R/√(Σ G_k) is the best constant",
        HOLDS if ratio.max() < 1 + 1e-6 else FAILS,
        f"A slip: its derivation gives R/√(Σ G_k²). As printed the bound is {ratio.min():.3g} to {ratio.max():.3g} "
        "times the least, and its unit is not a learning rate's: in other units of the loss it is any factor off.",
    )


def _guess(table: pd.DataFrame) -> Claim:
    printed = table[table["bound"] == AS_PRINTED]["ratio"].astype(str)
    rows = table[(table["bound"] == "last-2") & (table["schedule"] == GUESS)]
    lost = numbers(rows["ratio"]) - 1
    other = numbers(table[table["bound"] == BY_WEIGHTS]["ratio"])
    verdict = PARTLY if lost.max() < 0.1 else FAILS
    return Claim(
        "003", "Eq. 28", "R G⁻²/√Q_T (1 − Q_t/Q_T) is the minimum of the second bound", verdict,
        f"As printed it ends at 0, where that bound is infinite ({int((printed == 'inf').sum())} of {len(printed)} "
        f"traces); with the last learning rate, which θ_T does not depend on, chosen best, it is {lost.min():.2%} to "
        f"{lost.max():.2%} above the exact minimum. By the proof of Defazio et al. it is bounded by "
        f"{other.min():.3g} to {other.max():.3g} of that minimum, and is the optimum of that bound.",
    )  # fmt: skip


def _guess_causal(table: pd.DataFrame) -> Claim:
    rows = table[(table["bound"] == "last-2") & (table["schedule"] == GUESS_CAUSAL)]
    ratio = numbers(rows["ratio"])
    verdict = HOLDS if ratio.max() < 2 else PARTLY if ratio.min() < 2 else FAILS
    return Claim("003", "Eq. 29", "R G⁻²/√Q_t (1 − t/T) looks reasonable",
                 verdict, f"Its bound is {ratio.min():.3g} to {ratio.max():.3g} times the least.")  # fmt: skip
