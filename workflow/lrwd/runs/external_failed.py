"""Runs without a result: left out, or counted as diverged, as the study says; never silently."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.errors import DataError
from lrwd.runs.external_files import PLACE
from lrwd.runs.external_numbers import has_no_result, is_missing, places_of
from lrwd.runs.external_states import DIVERGED, FAILED, PRUNED, UNFINISHED, states_of
from lrwd.study.imported import ACCURACIES, Imported

# How the line of the report begins that the verdict repeats.
LINE = "Failed runs: "
_CONSEQUENCE = {
    "drop": "they are left out (`failed: drop`). If they failed because η or λ was too large, nothing here shows it: "
    "cells with failed runs look better than they are, or are absent, and no longer bound λ* from their side",
    "diverged": "they count as diverged (`failed: diverged`), with {value}. If they failed for another reason (a time "
    "limit, a full disk), λ* is pushed away from their cells",
}


@dataclass(frozen=True)
class Outcome:
    """What became of the rows that are kept.

    chance: (N,) rows whose accuracy is that of chance. failed: (N,) rows that count as diverged because the study says
    so; they are a part of ``chance`` if the study selects on accuracy.
    """

    chance: pd.Series
    failed: pd.Series


def settle_failed(
    texts: pd.DataFrame, result: str, imported: Imported, notes: list[str], dropped: list[str]
) -> tuple[pd.DataFrame, Outcome]:
    """Decide about every row that has no result, as the study says.

    A row has failed if its status says so, or if its result is missing or not finite. Runs that are not finished are
    left out; so are pruned ones, as their result is not that of a whole training. A run with the status ``diverged``
    and a known number of classes needs no decision: its accuracy is that of chance.

    Args:
        texts: the rows under our column names.
        result: the column that selects.
        imported: ``failed`` is how they count.
        notes, dropped: to which lines of the report are added.

    Returns:
        The rows that are kept, with an empty result for failed ones; and what became of them.

    Raises:
        DataError: a row has failed and the study does not say how it counts; or it counts as diverged, and the number
            of classes is not known.
    """
    source = imported.path
    states = states_of(texts["status"]) if "status" in texts else pd.Series("", index=texts.index)
    for state, reason in ((UNFINISHED, "are not finished"), (PRUNED, "were pruned, so that they end early")):
        gone = states == state
        if gone.any():
            dropped.append(f"{int(gone.sum())} that {reason} ({places_of(texts[PLACE][gone])})")
            if state == PRUNED:
                notes.append("Pruned runs looked worse than others; without them, cells far from λ* look less bad.")
        texts, states = texts[~gone], states[~gone]
    empty = has_no_result(texts[result])
    classes = ~is_missing(texts["num_classes"]) if "num_classes" in texts else pd.Series(False, index=texts.index)
    declared = (states == DIVERGED) & empty & classes & (imported.metric is None)
    failed = ((states == FAILED) | empty) & ~declared
    number = int(failed.sum())
    if not number:
        return texts, Outcome(declared, failed)
    where = places_of(texts[PLACE][failed])
    if imported.failed is None:
        raise DataError(
            f"{source}: {number} of {len(texts)} runs have failed or have no finite {result} ({where}). Say in the "
            "study how they count: `failed: diverged` (as a result, with the accuracy of chance or the worst value of "
            "the metric) or `failed: drop` (left out)"
        )
    if imported.failed == "drop":
        notes.append(f"{LINE}{number}; {_CONSEQUENCE['drop']}.")
        dropped.append(f"{number} without {result} ({where})")
        return texts[~failed], Outcome(declared[~failed], failed[~failed])
    if imported.metric is None and (unknown := failed & ~classes).any():
        raise DataError(
            f"{source}: with `failed: diverged`, a run without {result} has the accuracy of chance, 1/num_classes, but "
            f"num_classes is not known in {places_of(texts[PLACE][unknown])}; say it in the study, such as "
            "`constants: {num_classes: 100}`"
        )
    value = "the accuracy of chance" if imported.metric is None else "the worst value of the metric in their network"
    notes.append(f"{LINE}{number}; {_CONSEQUENCE['diverged'].format(value=value)}.")
    results = [name for name in (result, *ACCURACIES) if name in texts]
    texts = texts.assign(**{name: texts[name].mask(failed, "") for name in results})
    return texts, Outcome(declared | (failed & classes), failed)


def worst_for_failed(values: pd.Series, keys: list[pd.Series], failed: pd.Series, direction: str) -> pd.Series:
    """A metric with the worst value of its group in place of failed runs' (of all groups', if its has none).

    Args:
        values: the metric, NaN for failed runs.
        keys: what the groups share.
        failed: which runs.
        direction: ``min`` if lower is better, else ``max``.
    """
    worst = "max" if direction == "min" else "min"
    of_group = values.groupby(keys, sort=False).transform(worst).fillna(getattr(np, f"nan{worst}")(values))
    return values.where(~failed, of_group)


def failed_lines(report: str) -> list[str]:
    """The lines of an import's report that its verdict must repeat."""
    return [line.removeprefix("- ") for line in report.splitlines() if line.startswith(f"- {LINE}")]
