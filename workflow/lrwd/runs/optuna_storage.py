"""Reads the trials of an Optuna study from its storage, an SQLite file or a journal file, through Optuna itself."""

import json
import logging
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd

from lrwd.errors import DataError
from lrwd.study.hint import did_you_mean
from lrwd.study.imported import Imported

_SQLITE = b"SQLite format 3\0"


def is_storage(path: str) -> bool:
    """Whether a file is an SQLite file or a journal of Optuna; told from its first bytes."""
    with open(path, "rb") as file:
        start = file.read(len(_SQLITE))
        if start == _SQLITE:
            return True
        if not start.startswith(b"{"):
            return False
        first = start + file.readline()
    try:
        return "op_code" in json.loads(first)
    except ValueError:
        return False


def read_trials(imported: Imported) -> tuple[pd.DataFrame, list[str]]:
    """Read the trials of a study as text, with the columns of Optuna's ``trials_dataframe``.

    Args:
        imported: ``optuna_study`` says which study is meant if the storage holds several.

    Returns:
        One row a trial: number, value or values_…, state, params_…, user_attrs_…; "" where there is none. Then what
        is to be said of it, a sentence each.

    Raises:
        DataError: Optuna is not installed or cannot read the file, the study is not in it, or its direction is not
            that of the study's metric.
    """
    path = imported.path
    try:
        import optuna
    except ImportError:
        raise DataError(
            f"{path}: is an Optuna storage, and the package optuna, which reads it, is not installed. Install it with "
            f"`{sys.executable} -m pip install optuna`, or write the trials where it is installed: "
            "`study.trials_dataframe().to_csv('sweep.csv', index=False)`"
        ) from None
    optuna.logging.set_verbosity(logging.WARNING)
    try:
        storage = _opened(path, optuna)
        names = [study.study_name for study in storage.get_all_studies()]
        name = _chosen(names, imported)
        study = optuna.load_study(study_name=name, storage=storage)
        frame = study.trials_dataframe()
        directions = [direction.name.lower() for direction in study.directions]
    except DataError:
        raise
    except Exception as error:  # what a damaged file raises depends on the storage and on Optuna's version
        raise DataError(f"{path}: Optuna {optuna.__version__} cannot read it ({_first_line(error)})") from None
    wanted = {"max": "maximize", "min": "minimize"}[imported.direction]
    if imported.metric == "value" and directions != [wanted]:
        raise DataError(
            f"{path}: the study's metric.direction is {imported.direction!r}, but Optuna's study {name!r} says "
            f"{', '.join(directions)}"
        )
    texts = frame.astype(object).where(frame.notna(), "").map(str).map(str.strip)
    return texts, [f"Optuna's study {name!r} ({', '.join(directions)}), read by Optuna {optuna.__version__}."]


def _opened(path: str, optuna: Any) -> Any:
    """The storage; it is only read."""
    if Path(path).read_bytes()[: len(_SQLITE)] == _SQLITE:
        return optuna.storages.RDBStorage(f"sqlite:///file:{quote(str(Path(path).absolute()))}?mode=ro&uri=true")
    from optuna.storages.journal import JournalFileBackend

    return optuna.storages.JournalStorage(JournalFileBackend(path))


def _chosen(names: list[str], imported: Imported) -> str:
    wanted, listed = imported.optuna_study, ", ".join(map(repr, names)) or "none"
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted in names:
        return str(wanted)
    if wanted is None:
        raise DataError(
            f"{imported.path}: the storage holds {len(names)} studies; say which, such as `optuna_study: "
            f"{names[0] if names else 'NAME'}` in the study. Found: {listed}"
        )
    hint = did_you_mean(wanted, names)
    raise DataError(
        f"{imported.path}: optuna_study is {wanted!r}, but the storage has no such study.{hint} Found: {listed}"
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
