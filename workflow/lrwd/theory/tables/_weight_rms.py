"""The weight RMS of each kind of layer over a training of constant rates, measured and predicted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrwd.errors import DataError
from lrwd.theory.formulas._sequences import Floats
from lrwd.theory.formulas.weight_rms import transient_rms

# Under ``decay: matrices``; the others are exempt.
DECAYING = ("matrix", "embedding", "head")


@dataclass(frozen=True, eq=False)
class Path:
    """A kind of layer in trainings that differ in their seed only.

    first: RMS of the initial weights, (S,); measured: RMS after each epoch, (S, E); predicted: likewise, from each
    seed's initial RMS; wd: the decay of this kind, 0 if it is exempt.
    """

    key: dict[str, Any]
    wd: float
    steps: np.ndarray
    first: Floats
    measured: Floats
    predicted: Floats


def paths(records: Sequence[dict[str, Any]]) -> Iterator[Path]:
    """All kinds of layers of a study's trainings; diverged ones are left out."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for record in records:
        spec = record["spec"]
        if record["status"] == "ok":
            groups.setdefault((spec["arch"]["name"], spec["recipe"]["name"], spec["lr"], spec["wd"]), []).append(record)
    for (arch, recipe, lr, wd), members in groups.items():
        for kind in members[0]["initial_rms"]:
            key = {"arch": arch, "recipe": recipe, "lr": lr, "wd": wd, "kind": kind, "num_seeds": len(members)}
            yield _path(key, members, kind)


def _path(key: dict[str, Any], records: Sequence[dict[str, Any]], kind: str) -> Path:
    recipe = records[0]["spec"]["recipe"]
    if recipe["schedule"] != {"name": "constant", "warmup_epochs": 0}:
        raise DataError(f"recipe {recipe['name']!r} has another schedule than constant without warm-up")
    decays = recipe["decay"] == "all" or kind in DECAYING
    wd = key["wd"] if decays else 0.0
    ends = records[0]["steps_per_epoch"] * np.arange(1, recipe["epochs"] + 1)
    lrs, beta1 = np.full(ends[-1], key["lr"]), recipe["optimizer"]["betas"][0]
    first = np.array([record["initial_rms"][kind] for record in records])
    predicted = np.array([transient_rms(lrs, wd, rms, beta1)[ends - 1] for rms in first])
    measured = np.array([[row["weight_rms_by_kind"][kind] for row in record["history"]] for record in records])
    return Path(key, wd, ends, first, measured, predicted)
