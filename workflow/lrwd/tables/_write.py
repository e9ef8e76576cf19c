"""Writes a table as CSV and as Markdown, and reads the CSV back; computes nothing."""

import csv
import io
import math
import numbers
import types
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lrwd.analysis.knobs import AnalysisKnobs, takes_knobs
from lrwd.analysis.undefined import MISSING, is_undefined, reason
from lrwd.atomic import write_text_atomic

# More digits than any estimate has, but few enough that two machines write the same file.
CSV_DIGITS = 6
MARKDOWN_DIGITS = 4
VIEW_DIGITS = 3


def write_table(
    frame: pd.DataFrame,
    csv_path: Path | str,
    md_path: Path | str,
    caption: str,
    view: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
) -> None:
    """Write a table twice, each file atomically.

    Args:
        frame: the table; its index is not written. Undefined entries are the text "NA: reason"; a NaN
            is written as "NA: missing".
        csv_path: numbers with 6 significant digits, in the shortest form that reads back the same.
        md_path: numbers with 4 significant digits, under the caption. A reason that occurs more than once stands below
            the table, with its number in the entries.
        caption: one line.
        view: what the Markdown file shows instead of all columns.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows([_csv_entry(entry) for entry in row] for row in _rows(frame))
    write_text_atomic(csv_path, out.getvalue())
    frame = view(frame) if view else frame
    rows = [[_markdown_entry(entry) for entry in row] for row in _rows(frame)]
    notes = _repeated_reasons(rows)
    shown = pd.DataFrame(
        [[f"NA ({notes[entry]})" if entry in notes else entry for entry in row] for row in rows],
        columns=frame.columns,
        dtype=object,
    )
    aligned = ["right" if _is_numeric(frame[name]) else "left" for name in frame.columns]
    body = shown.to_markdown(index=False, disable_numparse=True, colalign=aligned if len(shown) else None)
    below = "".join(f"\n* NA ({number}): {reason(entry)}" for entry, number in notes.items())
    write_text_atomic(md_path, f"{caption}\n\n{body}\n" + (f"{below}\n" if notes else ""))


def with_interval(row: Mapping[str, Any], name: str) -> str:
    """A value and its interval, as ``1.23 [0.9, 1.5]`` with 3 significant digits, or why it is undefined.

    Args:
        row: of a table, with the columns ``name``, ``name_ci_low`` and ``name_ci_high``.
        name: of the value.
    """
    value, *ends = (row[f"{name}{end}"] for end in ("", "_ci_low", "_ci_high"))
    if is_undefined(value):
        return str(value)
    if any(map(is_undefined, ends)):
        return f"{_entry(value, VIEW_DIGITS)} [no interval]"
    return f"{_entry(value, VIEW_DIGITS)} [{', '.join(_entry(end, VIEW_DIGITS) for end in ends)}]"


def build_table(
    part: types.ModuleType, runs: pd.DataFrame, rounds: Sequence[Any], analysis: Mapping[str, Any]
) -> pd.DataFrame:
    """Make a table from the runs; one that is only for sequential studies from their rounds as well.

    Args:
        part: the table's file.
        runs: the runs table.
        rounds: of a sequential study.
        analysis: this section of the configuration, for tables that it is about.
    """
    if hasattr(part, "ONLY"):
        return part.build(runs, rounds)
    return part.build(runs, AnalysisKnobs.read(analysis)) if takes_knobs(part.build) else part.build(runs)


def read_table(path: Path | str) -> pd.DataFrame:
    """Read a table's CSV. A column becomes numeric if it holds only numbers, and boolean if only True and False.

    Any other column stays text, so that an "NA: reason" keeps its reason; ``lrwd.analysis.undefined`` reads it.
    """
    frame = pd.read_csv(path, dtype=str, na_filter=False)
    for name in frame.columns:
        column = frame[name]
        if len(column) and column.isin(["True", "False"]).all():
            frame[name] = column == "True"
        elif len(column) and pd.to_numeric(column, errors="coerce").notna().all():
            frame[name] = pd.to_numeric(column)
    return frame


def read_tables(paths: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Read the CSVs of several tables, by their files' names."""
    return {Path(path).stem: read_table(path) for path in paths}


def _rows(frame: pd.DataFrame) -> list[list[Any]]:
    # Column by column: a row taken from a mixed frame would turn its integers into floats.
    columns = [frame[name].tolist() for name in frame.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _repeated_reasons(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """The undefined entries that occur more than once, numbered in their order."""
    times = Counter(entry for row in rows for entry in row if is_undefined(entry))
    return {entry: number for number, entry in enumerate((e for e, count in times.items() if count > 1), 1)}


def _csv_entry(entry: Any) -> str:
    return _entry(entry, CSV_DIGITS)


def _markdown_entry(entry: Any) -> str:
    return _entry(entry, MARKDOWN_DIGITS).replace("|", "\\|")


def _entry(entry: Any, digits: int) -> str:
    if entry is None or entry is pd.NA or (isinstance(entry, float) and math.isnan(entry)):
        return MISSING
    if isinstance(entry, bool) or not isinstance(entry, numbers.Real):
        return str(entry)
    if isinstance(entry, numbers.Integral):
        return str(int(entry))
    rounded = float(f"{float(entry):.{digits}g}")
    # An integral float is printed without ".0"; repr is the shortest text that reads back the same.
    return str(int(rounded)) if rounded.is_integer() and abs(rounded) < 1e15 else repr(rounded)


def _is_numeric(column: pd.Series) -> bool:
    entries = [entry for entry in column.tolist() if not isinstance(entry, str)]
    return bool(entries) and all(isinstance(entry, numbers.Real) and type(entry) is not bool for entry in entries)
