"""Reads files that others wrote: a CSV of runs, an Optuna storage, or the JSON files of the paper's script.

Texts in, texts out.
"""

import codecs
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from lrwd.errors import DataError
from lrwd.runs.optuna_storage import is_storage, read_trials
from lrwd.runs.wandb_export import unfolded
from lrwd.study.imported import Imported

# The column that says where a row comes from, in messages: "line 7", "a.json", "trial 3".
PLACE = "_place"
# Between columns, as spreadsheets export them; of those that the header has equally often the first.
_SEPARATORS = (",", ";", "\t")
_SCRIPT_FIELDS = ("arch", "dataset", "lr", "wd", "seed", "best_acc", "final_acc")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDY = "save the table as CSV in UTF-8, with a header and one row a run"


def read_texts(imported: Imported) -> tuple[pd.DataFrame, list[str]]:
    """Read all rows as text, with their places; columns are separated by commas, semicolons or tabs.

    Returns:
        Columns as in the file, names stripped; entries are stripped text, "" where missing; and ``_place``. Then what
        is to be said of the reading, a sentence each.

    Raises:
        DataError: a file cannot be read as what it is.
    """
    if Path(imported.path).is_dir():
        rows = [_script_run(Path(path), imported.epoch or "best") for path in imported.files()]
        return pd.DataFrame(rows), []
    if is_storage(imported.path):
        trials, notes = read_trials(imported)
        places = "trial " + trials["number"]
    else:
        trials, notes = _csv(imported.path)
        trials, more = unfolded(trials, imported.path)
        notes += more
        places = pd.Series([f"line {number}" for number in range(2, len(trials) + 2)], index=trials.index)
    filled = (trials != "").any(axis=1)
    return trials.assign(**{PLACE: places})[filled], notes


def _csv(path: str) -> tuple[pd.DataFrame, list[str]]:
    text, notes = _decoded(path)
    try:
        # The header as a row, or pandas would rename a column that appears twice.
        frame = pd.read_csv(
            StringIO(text),
            sep=max(_SEPARATORS, key=text.partition("\n")[0].count),
            dtype=str,
            na_filter=False,
            skip_blank_lines=False,
            header=None,
        )
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise DataError(f"{path}: not a CSV file of runs ({str(error).strip()}); {_REMEDY}") from None
    frame = frame.apply(lambda column: column.str.strip())
    names = frame.iloc[0].tolist()
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"{path}: column {name!r} appears more than once; rename or delete all but the one that is meant"
            )
    return frame.iloc[1:].set_axis(names, axis=1), notes


def _decoded(path: str) -> tuple[str, list[str]]:
    """A file's text. UTF-8, UTF-16 with its mark, or else Windows-1252, which contains Latin-1's letters."""
    data = Path(path).read_bytes()
    try:
        if data.startswith(_UTF16):
            return data.decode("utf-16"), ["The file is in UTF-16."]
        if data.startswith(b"PK"):
            raise DataError(f"{path}: is a workbook or another ZIP file; {_REMEDY}")
        if b"\0" in data:
            raise DataError(f"{path}: holds zero bytes, so it is no text, or text in UTF-16 without a mark; {_REMEDY}")
        try:
            return data.decode("utf-8-sig"), []
        except UnicodeDecodeError:
            return data.decode("cp1252"), ["The file is not in UTF-8; its letters were read as Windows-1252 (Latin-1)."]
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: cannot be read as text ({error.reason} at byte {error.start}); {_REMEDY}") from None


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
