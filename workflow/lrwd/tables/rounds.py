"""What each round of a sequential study asked for and why, and how well the slope b was known before and after it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from lrwd.analysis.surfaces import KEYS
from lrwd.analysis.undefined import undefined
from lrwd.study.sequential import Network, Round

# Only sequential studies have this table.
ONLY = "sequential"
# Reasons begin with one of these words; see stats.next_cells.
REASONS = ("extends", "refines", "replicates")
COLUMNS = (
    *("dataset", "arch", "label", "recipe", "round", "cells", *REASONS, "cells_so_far", "failed_so_far"),
    *("half_width_before", "half_width_expected", "half_width_after", "b", "b_ci_low", "b_ci_high"),
    *("excluded", "stopped"),
)
_FIRST = "round 0 is the first"


def build(runs: pd.DataFrame, rounds: Sequence[Round]) -> pd.DataFrame:
    """List the rounds of each network in which it had cells.

    Args:
        runs: the runs table, one row a cell.
        rounds: those after round 0. What was known after a round is in the next one, so that the last one known may
            have no such numbers yet.

    Returns:
        One row for each network and round. Half-widths, b and its 95% interval are those by which cells were chosen
        (row likelihoods, of the metric that selects). ``excluded`` and ``stopped`` are as of after the round.
    """
    chosen = runs[runs["round"].notna()] if "round" in runs else runs.iloc[:0]
    rows = []
    for group, own in chosen.groupby(KEYS, sort=False):
        key = {**dict(zip(KEYS, group, strict=True)), "label": own["label"].iloc[0]}
        states = [one.networks.get(group) for one in rounds]
        for number in range(len(states) + 1):
            before = states[number - 1] if number else None
            after = states[number] if number < len(states) else None
            if number and (before is None or not before.cells):
                break
            num_cells = len(before.cells) if before else after.num_asked if after else int((own["round"] == 0).sum())
            rows.append({**key, "round": number, "cells": num_cells, **_before(before), **_after(after)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _before(state: Network | None) -> dict[str, Any]:
    """Why a round was chosen; None for round 0."""
    if state is None:
        return {
            **dict.fromkeys(REASONS, 0),
            **dict.fromkeys(("half_width_before", "half_width_expected"), undefined(_FIRST)),
        }
    return {
        **{word: sum(reason.startswith(word) for _, reason in state.cells) for word in REASONS},
        "half_width_before": _number(state.half_width, state),
        "half_width_expected": _number(state.half_width_expected, state),
    }


def _after(state: Network | None) -> dict[str, Any]:
    """What was known after a round; None while that has not been found out."""
    if state is None:
        names = ("cells_so_far", "failed_so_far", "half_width_after", "b", "b_ci_low", "b_ci_high", "excluded")
        return {**dict.fromkeys(names, undefined("its cells are not all trained")), "stopped": ""}
    return {
        "cells_so_far": state.num_asked,
        "failed_so_far": state.num_failed,
        "half_width_after": _number(state.half_width, state),
        **{name: _number(getattr(state, name), state) for name in ("b", "b_ci_low", "b_ci_high")},
        "excluded": ", ".join(state.excluded) or "nothing",
        "stopped": state.why if state.stop else "",
    }


def _number(value: float | None, state: Network) -> float | str:
    return undefined(state.reason or "no estimate") if value is None else value
