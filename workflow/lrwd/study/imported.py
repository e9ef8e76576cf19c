"""The entry of a study whose runs were trained elsewhere: where they are, and what its columns mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrwd.errors import ConfigError
from lrwd.study.hint import did_you_mean

# What a file may call otherwise, and what may be the same for all runs.
KEYS = ("arch", "dataset", "recipe", "lr", "wd", "seed")
ACCURACIES = ("val_top1", "test_top1")
DETAILS = ("status", "num_classes", "epochs", "batch_size", "optimizer", "schedule", "label")
KNOWN = (*KEYS, *ACCURACIES, *DETAILS)
CONSTANT = (*KEYS[:5], *DETAILS[1:])


@dataclass(frozen=True)
class Imported:
    """Runs that were trained outside this workflow. They replace a grid to train.

    path: a CSV file, an Optuna storage (SQLite or journal), or a folder with the JSON files of the paper's script.
    unit (``fraction`` or ``percent``), split and epoch of the selection: None if they are read from the files.
    metric: the column that selects, or None to select on accuracy; direction: ``max`` or ``min``.
    columns: pairs of a name of ours and the file's name of that column. constants: pairs of a name of ours and the
    value of all runs. failed: how runs without a result count, ``diverged`` or ``drop``; None: there must be none.
    optuna_study: which study of an Optuna storage; None if it holds one.
    """

    path: str
    unit: str | None
    split: str | None
    epoch: str | None
    metric: str | None = None
    direction: str = "max"
    columns: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    failed: str | None = None
    optuna_study: str | None = None

    def files(self) -> list[str]:
        """The files to read, sorted."""
        path = Path(self.path)
        return sorted(map(str, path.glob("*.json"))) if path.is_dir() else [self.path]


def read_imported(entry: Mapping[str, Any], where: str) -> Imported:
    """Read the entry of a study with ``runs``; the schema has been checked.

    Args:
        entry: the study's entry.
        where: its place in the configuration, for messages.

    Raises:
        ConfigError: the path does not exist, or a name or value is not allowed.
    """
    path, selection = Path(entry["runs"]), entry.get("selection", {})
    if not path.exists():
        raise ConfigError(f"{where}.runs: {entry['runs']!r} does not exist (looked in {Path.cwd()})")
    metric = entry.get("metric", {"name": None, "direction": "max"})
    columns, constants = entry.get("columns", {}), entry.get("constants", {})
    _check_names(columns, KNOWN, f"{where}.columns")
    _check_names(constants, CONSTANT, f"{where}.constants")
    for name, given in columns.items():
        if twice := [other for other in columns if other != name and columns[other] == given]:
            raise ConfigError(f"{where}.columns: {given!r} is given for {name} and for {twice[0]}; allowed: one")
        if name in constants:
            raise ConfigError(f"{where}: {name} is in columns and in constants; allowed: one of them")
    imported = Imported(
        entry["runs"],
        entry.get("unit"),
        selection.get("split"),
        selection.get("epoch"),
        metric["name"],
        metric["direction"],
        tuple(columns.items()),
        tuple((name, str(value)) for name, value in constants.items()),
        entry.get("failed"),
        entry.get("optuna_study"),
    )
    if not imported.files():
        raise ConfigError(f"{where}.runs: the folder {entry['runs']!r} has no .json file")
    if imported.epoch and not path.is_dir():
        raise ConfigError(
            f"{where}.selection.epoch: {imported.epoch!r} is not allowed, as a CSV file has one accuracy a run; it is "
            f"for folders of JSON files"
        )
    return imported


def _check_names(given: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for name in given:
        if name not in allowed:
            hint = did_you_mean(name, allowed)
            raise ConfigError(f"{where}: unknown name {name!r}.{hint} Allowed: {', '.join(allowed)}")
