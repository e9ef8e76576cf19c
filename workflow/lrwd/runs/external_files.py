"""Reads files that others wrote: a CSV of runs, or the JSON files of the paper's script. Texts in, texts out."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from lrwd.errors import DataError
from lrwd.study.study import Imported

# The column that says where a row comes from, in messages: "line 7", "a.json".
PLACE = "_place"
# Between columns, as spreadsheets export them; of those that the header has equally often the first.
_SEPARATORS = (",", ";", "\t")
_SCRIPT_FIELDS = ("arch", "dataset", "lr", "wd", "seed", "best_acc", "final_acc")


def read_texts(imported: Imported) -> pd.DataFrame:
    """Read all rows as text, with their places; columns are separated by commas, semicolons or tabs.

    Returns:
        Columns as in the file, names stripped; entries are stripped text, "" where missing; and ``_place``.

    Raises:
        DataError: a file cannot be read as what it is.
    """
    if Path(imported.path).is_dir():
        return pd.DataFrame([_script_run(Path(path), imported.epoch or "best") for path in imported.files()])
    return _csv(imported.path)


def _csv(path: str) -> pd.DataFrame:
    try:
        with open(path, encoding="utf-8-sig") as file:
            header = file.readline()
        # The header as a row, or pandas would rename a column that appears twice.
        frame = pd.read_csv(
            path,
            sep=max(_SEPARATORS, key=header.count),
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
            header=None,
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a CSV file of runs in UTF-8 ({str(error).strip()})") from None
    frame = frame.map(str.strip)
    names = frame.iloc[0].tolist()
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{path}: column {name!r} appears more than once")
    frame = frame.iloc[1:].set_axis(names, axis=1)
    frame[PLACE] = [f"line {number}" for number in range(2, len(frame) + 2)]
    return frame[(frame.drop(columns=PLACE) != "").any(axis=1)]


def _script_run(path: Path, epoch: str) -> dict[str, str]:
    """A file that the paper's script writes for one run; its accuracies are on test images, in percent.

    Source: the paper's ``train_wd_lr.py``, ``result``.
    """
    try:
        result = json.loads(path.read_text())
        if not isinstance(result, dict):
            raise ValueError("it holds no object")
        absent = [name for name in _SCRIPT_FIELDS if name not in result]
        if absent:
            raise ValueError(f"it lacks {', '.join(absent)}")
        history: list[dict[str, Any]] = result.get("history") or []
        accuracies = [float(row["test_acc"]) for row in history]
    except (ValueError, TypeError, KeyError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a file of the paper's script ({error})") from None
    best = str(max(range(len(accuracies)), key=accuracies.__getitem__)) if accuracies else ""
    values = {
        **{name: result[name] for name in _SCRIPT_FIELDS[:5]},
        "test_top1": result["best_acc" if epoch == "best" else "final_acc"],
        "test_top1_final": result["final_acc"],
        "test_top1_best": result["best_acc"],
        "best_test_epoch": best,
        "epochs": str(len(history)) if history else "",
    }
    return {name: "" if value is None else str(value).strip() for name, value in values.items()} | {PLACE: path.name}
