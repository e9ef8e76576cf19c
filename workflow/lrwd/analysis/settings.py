"""What a group was trained with: optimizer, schedule, epochs, batch size; and the published claim on such trainings."""

from dataclasses import dataclass

import pandas as pd

from lrwd import paper
from lrwd.analysis.surfaces import Group
from lrwd.analysis.undefined import undefined

Entry = str | float
NOT_TOLD = undefined("the runs do not say")


@dataclass(frozen=True)
class Setting:
    """The setting of one group. An entry is undefined if the runs table lacks it, as a table from elsewhere may.

    Args:
        optimizer, schedule: names of the parts.
        epochs, batch_size: of the recipe.
        images: images that a training sees, epochs * steps_per_epoch * batch_size; its budget.
    """

    optimizer: Entry
    schedule: Entry
    epochs: Entry
    batch_size: Entry
    images: Entry


def setting_of(group: Group) -> Setting:
    """The setting of a group, which is the same for all its runs."""
    entries = {
        name: _told(group.runs, name) for name in ("optimizer", "schedule", "epochs", "batch_size", "steps_per_epoch")
    }
    steps = entries.pop("steps_per_epoch")
    numbers = [value for value in (entries["epochs"], steps, entries["batch_size"]) if not isinstance(value, str)]
    images: Entry = numbers[0] * numbers[1] * numbers[2] if len(numbers) == 3 else NOT_TOLD
    return Setting(**entries, images=images)


def of_protocol(runs: pd.DataFrame) -> "pd.Series[bool]":
    """Which runs keep to the paper's protocol: AdamW, cosine, its epochs and batch size, as far as the runs tell.

    Source: paper §3.1.
    """
    kept = pd.Series(True, index=runs.index)
    demands = {
        "optimizer": pd.Series(paper.PROTOCOL_OPTIMIZER, index=runs.index),
        "schedule": pd.Series(paper.PROTOCOL_SCHEDULE, index=runs.index),
        "epochs": runs["dataset"].map(paper.EPOCHS),
        "batch_size": runs["dataset"].map(paper.BATCH_SIZE),
    }
    for name, wanted in demands.items():
        if name in runs:
            kept &= runs[name].isna() | (runs[name] == wanted)
    return kept


def published(group: Group, setting: Setting) -> paper.RobustnessRow | None:
    """The claim of §4.4 that is about a group's trainings, or None."""
    for row in paper.ROBUSTNESS:
        if group.dataset not in row.datasets or group.label not in row.labels:
            continue
        epochs = paper.EPOCHS[group.dataset] if row.epochs is None else row.epochs
        batch_sizes = row.batch_sizes or (paper.BATCH_SIZE[group.dataset],)
        if (
            setting.optimizer in row.optimizers
            and setting.schedule == row.schedule
            and setting.epochs == epochs
            and setting.batch_size in batch_sizes
        ):
            return row
    return None


def _told(runs: pd.DataFrame, name: str) -> Entry:
    values = runs[name].dropna() if name in runs else runs.iloc[:0]
    if not len(values):
        return NOT_TOLD
    value = values.iloc[0]
    return value if isinstance(value, str) else float(value)
