"""Brings runs from elsewhere into the runs table, and says what was dropped and why."""

import difflib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.errors import DataError
from lrwd.runs.external_files import PLACE, read_texts
from lrwd.runs.record import STATUSES
from lrwd.runs.table import COLUMNS, FLAGS, TEXTS
from lrwd.study.study import Imported

NEEDED = ("arch", "dataset", "lr", "wd", "seed")
RECIPE = "imported"
# ``in_grid`` is text until the rows are completed, as others write it in several ways.
_TEXT = (*TEXTS, *FLAGS)
_MISSING = ("", "na", "n/a", "nan", "none", "null", "<na>")
# Numbers are compared after this rounding: 0.1 * 3 and 0.3 are one weight decay.
_DIGITS = 12
_SHOWN = 5
_SEED_LIMIT = 2.0**63


def import_runs(imported: Imported) -> tuple[pd.DataFrame, str]:
    """Read, check and complete runs that were trained elsewhere.

    Args:
        imported: where they are, and what the configuration says of them.

    Returns:
        The runs table with the columns of results/runs.csv, then the file's other columns; and a report in Markdown.

    Raises:
        DataError: a column is missing, an entry cannot be what it should be, fractions and percent are mixed, a run
            occurs twice, or nothing is left. The message names the lines or files.
    """
    texts = read_texts(imported)
    source = imported.path
    absent = [name for name in NEEDED if name not in texts]
    if absent:
        found = ", ".join(map(str, texts.columns.drop(PLACE)))
        raise DataError(f"{source}: column {', '.join(absent)} is missing. Needed: {', '.join(NEEDED)}; found: {found}")
    metric = _metric_column(texts, imported)
    accuracies = _accuracy_columns(texts, imported)
    select, report = accuracies or (None, None)
    notes = [f"{len(texts)} rows were read."]
    texts, dropped = _without_missing(texts, metric or select)
    runs = pd.DataFrame(index=texts.index)
    for name in texts.columns.drop(PLACE):
        runs[name] = _column(texts, name, imported, notes)
    _check_values(runs, texts[PLACE], source)
    runs = runs.assign(
        **{
            f"{name}_top1": runs[column] if column else np.nan
            for name, column in (("select", select), ("report", report))
        }
    )
    chance = _counts_as_chance(texts) & runs["select_top1"].isna()
    if chance.any():
        for name in ("select_top1", "report_top1"):
            runs.loc[chance, name] = 1 / runs.loc[chance, "num_classes"]
        notes.append(f"{int(chance.sum())} diverged runs without an accuracy count as chance, 1/num_classes.")
    if metric:
        value = _numbers(texts[metric], metric, texts[PLACE], source)
        runs = runs.assign(metric=metric, direction=imported.direction, select_metric=value, report_metric=value)
        notes.append(f"The metric is `{metric}`, {'lower' if imported.direction == 'min' else 'higher'} is better.")
    elif accuracies and "select_metric" not in runs:
        runs = runs.assign(metric=select, direction="max", select_metric=runs["select_top1"])
        runs = runs.assign(report_metric=runs["report_top1"])
    runs = _completed(runs, texts, source, notes)
    _refuse_duplicates(runs, texts[PLACE], source)
    if runs.empty:
        raise DataError(f"{source}: no run is left; {'; '.join(dropped) or 'the file has none'}")
    if select:
        notes.append(f"λ* is chosen on `{select}`; `{report}` is reported.")
    for split in ("val", "test"):
        if f"{split}_top1" in runs:
            if runs[f"{split}_top1_final"].isna().all():
                runs[f"{split}_top1_final"] = runs[f"{split}_top1"]
                notes.append(f"`{split}_top1` is taken as that of the final epoch.")
            runs = runs.drop(columns=f"{split}_top1")
    others = [name for name in runs.columns if name not in COLUMNS]
    return runs[[*COLUMNS, *others]], _report(runs, source, notes, dropped, others)


def _metric_column(texts: pd.DataFrame, imported: Imported) -> str | None:
    """The column that the study names as its metric; None where it is an accuracy."""
    if imported.metric is None or imported.metric in texts:
        return imported.metric
    found = list(map(str, texts.columns.drop(PLACE)))
    near = difflib.get_close_matches(imported.metric, found, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise DataError(
        f"{imported.path}: the study's metric.name is {imported.metric!r}, but there is no such column.{hint} Found: "
        f"{', '.join(found)}"
    )


def _numbers(column: pd.Series, name: str, places: pd.Series, source: str) -> pd.Series:
    """A column of finite numbers, NaN where an entry is missing."""
    values = pd.to_numeric(column.mask(_is_missing(column)), errors="coerce").astype(float)
    wrong = (values.isna() & ~_is_missing(column)) | np.isinf(values)
    if wrong.any():
        found = ", ".join(repr(text) for text in column[wrong].unique()[:_SHOWN])
        raise DataError(f"{source}: {name} is {found} in {_places(places[wrong])}; allowed: a number")
    return values


def _accuracy_columns(texts: pd.DataFrame, imported: Imported) -> tuple[str, str] | None:
    """The columns that select and that are reported; None where the study has another metric and no accuracy."""
    offered = [split for split in ("val", "test") if f"{split}_top1" in texts]
    if not offered and {"select_top1", "report_top1"} <= set(texts):
        return "select_top1", "report_top1"  # a runs table of this workflow
    if not offered and imported.metric:
        return None
    if not offered:
        found = ", ".join(map(str, texts.columns.drop(PLACE)))
        raise DataError(f"{imported.path}: it needs a column test_top1 or val_top1; found: {found}")
    split = imported.split or offered[0]
    if split not in offered:
        raise DataError(f"{imported.path}: the study selects on {split!r}, but there is no column {split}_top1")
    return f"{split}_top1", f"{offered[-1]}_top1"


def _is_missing(texts: pd.Series) -> pd.Series:
    return texts.str.lower().isin(_MISSING)


def _without_missing(texts: pd.DataFrame, select: str | None) -> tuple[pd.DataFrame, list[str]]:
    """Leave out rows without a key or without the accuracy that selects; and say which."""
    dropped = []
    for name in (*NEEDED, *(["recipe"] if "recipe" in texts else []), *([select] if select else [])):
        gone = _is_missing(texts[name])
        if name == select:
            gone &= ~_counts_as_chance(texts)
        if gone.any():
            dropped.append(f"{int(gone.sum())} without {name} ({_places(texts[PLACE][gone])})")
            texts = texts[~gone]
    return texts, dropped


def _counts_as_chance(texts: pd.DataFrame) -> pd.Series:
    """Diverged runs of a known number of classes, whose accuracy need not be given."""
    if not {"status", "num_classes"} <= set(texts):
        return pd.Series(False, index=texts.index)
    return (texts["status"] == "diverged") & ~_is_missing(texts["num_classes"])


def _column(texts: pd.DataFrame, name: str, imported: Imported, notes: list[str]) -> pd.Series:
    """A column as numbers, fractions or text; a column that is not ours stays as it is."""
    column = texts[name]
    if name in _TEXT or (name not in COLUMNS and name not in NEEDED and name not in ("val_top1", "test_top1")):
        return column.mask(_is_missing(column), None) if name in _TEXT else column
    values = _numbers(column, name, texts[PLACE], imported.path)
    if "top1" not in name:
        return values.map(lambda value: float(f"{value:.{_DIGITS}g}"))
    unit = accuracy_unit(values, texts[PLACE], imported.unit, f"{imported.path}: {name}")
    notes.append(f"`{name}` is in {'percent' if unit == 'percent' else 'fractions'}.")
    return values / 100 if unit == "percent" else values


def accuracy_unit(values: pd.Series, places: pd.Series, given: str | None, where: str) -> str:
    """Tell fractions from percent.

    A column with a value above 1 is in percent; then a value of at most 1 that, taken as a fraction, lies among the
    others is one (0.57 among 55 and 60), and the column is mixed.

    Args:
        values: accuracies, NaN where missing.
        places: where each stands.
        given: ``fraction`` or ``percent`` where the configuration says so; then nothing is guessed.
        where: file and column, for messages.

    Raises:
        DataError: a value is outside the unit, or units are mixed.
    """
    unit = given or ("percent" if (values > 1).any() else "fraction")
    top = 100.0 if unit == "percent" else 1.0
    wrong = (values < 0) | (values > top)
    if wrong.any():
        found = f"{values[wrong].iloc[0]:g} in {_places(places[wrong])}"
        raise DataError(f"{where} is {found}; allowed: 0 to {top:g} ({unit})")
    if given is None and unit == "percent":
        large = values[values > 1]
        mixed = (values > 0) & (values <= 1) & (100 * values >= large.min()) & (100 * values <= large.max())
        if mixed.any():
            raise DataError(
                f"{where} seems to mix percent and fractions: {values[mixed].iloc[0]:g} in {_places(places[mixed])} "
                f"beside {large.min():g} to {large.max():g}; if all are percent, say `unit: percent` in the study"
            )
    return unit


def _check_values(runs: pd.DataFrame, places: pd.Series, source: str) -> None:
    rules = (
        ("lr", runs["lr"] <= 0, "> 0"),
        ("wd", runs["wd"] < 0, ">= 0"),
        ("seed", runs["seed"] != runs["seed"].round(), "an integer"),
        ("seed", (runs["seed"] < 0) | (runs["seed"] >= _SEED_LIMIT), "an integer of at least 0 and below 2**63"),
    )
    for name, wrong, allowed in rules:
        if wrong.any():
            raise DataError(
                f"{source}: {name} is {runs[name][wrong].iloc[0]:g} in {_places(places[wrong])}; allowed: {allowed}"
            )


def _completed(runs: pd.DataFrame, texts: pd.DataFrame, source: str, notes: list[str]) -> pd.DataFrame:
    """Fill in what the runs table has and the file has not."""
    # From the text: seeds drawn from a clock or a hash have more digits than a float.
    runs = runs.assign(seed=texts["seed"].map(lambda text: int(Decimal(text))).astype("int64"))
    known = runs["arch"].map(lambda arch: paper.SCRIPT_NAMES.get(arch, arch))
    runs["label"] = runs["label"].fillna(known) if "label" in runs else known
    if "recipe" not in runs:
        runs["recipe"] = RECIPE
    status = runs["status"] if "status" in runs else pd.Series("ok", index=runs.index)
    if not status.isin(STATUSES).all():
        notes.append(f"`status` has values other than {', '.join(STATUSES)}; it is kept as `status_given`.")
        runs["status_given"], status = runs["status"], pd.Series("ok", index=runs.index)
    runs["status"] = status
    if "in_grid" in runs:
        flags = runs["in_grid"].str.lower().map({"true": True, "1": True, "false": False, "0": False})
        if flags.isna().any():
            places = _places(texts[PLACE][flags.isna()])
            raise DataError(f"{source}: in_grid is neither True nor False in {places}")
        runs["in_grid"] = flags.astype(bool)
    else:
        runs["in_grid"] = True
    for name in COLUMNS:
        if name not in runs:
            runs[name] = None
    return runs


def _refuse_duplicates(runs: pd.DataFrame, places: pd.Series, source: str) -> None:
    keys = ["dataset", "arch", "recipe", "lr", "wd", "seed"]
    twice = runs[runs.duplicated(keys, keep=False)]
    if twice.empty:
        return
    found = []
    for key, rows in list(twice.groupby(keys, sort=False))[:_SHOWN]:
        cell = ", ".join(f"{name}={value}" for name, value in zip(keys, key, strict=True))
        found.append(f"{_places(places[rows.index])}: {cell}")
    number = len(twice[keys].drop_duplicates())
    raise DataError(
        f"{source}: {number} {'run occurs' if number == 1 else 'runs occur'} more than once; allowed: one row a run "
        "(different trainings of one cell have different seeds). " + "; ".join(found)
    )


def _places(places: pd.Series) -> str:
    shown = ", ".join(places.iloc[:_SHOWN])
    return shown if len(places) <= _SHOWN else f"{shown} and {len(places) - _SHOWN} more"


def _report(runs: pd.DataFrame, source: str, notes: list[str], dropped: list[str], others: list[str]) -> str:
    lines = [f"# Runs imported from {Path(source).name}", "", *[f"- {note}" for note in notes]]
    lines += [f"- Dropped: {text}." for text in dropped] or ["- No row was dropped."]
    lines.append(f"- {len(runs)} runs are left.")
    if others:
        lines.append(f"- Other columns are kept: {', '.join(f'`{name}`' for name in others)}.")
    rows = []
    for (dataset, recipe, arch), group in runs[runs["in_grid"]].groupby(["dataset", "recipe", "arch"], sort=False):
        cells = group.groupby(["lr", "wd"])["seed"].nunique()
        num_wd = cells.groupby("lr").size()
        full = len(cells) * group["seed"].nunique()
        rows.append(
            {
                **{"data set": dataset, "recipe": recipe, "architecture": arch, "η": len(num_wd)},
                "λ at an η": _range(num_wd),
                "grid": "the same λ at every η" if _is_product(group) else "ragged",
                **{"cells with λ = 0": int((cells.index.get_level_values("wd") == 0).sum())},
                **{"seeds a cell": _range(cells), "runs": len(group), "missing seeds": full - len(group)},
            }
        )
    return "\n".join(lines) + "\n\n" + pd.DataFrame(rows).to_markdown(index=False) + "\n"


def _range(values: pd.Series) -> str:
    return f"{values.min()}" if values.min() == values.max() else f"{values.min()} to {values.max()}"


def _is_product(group: pd.DataFrame) -> bool:
    return len({tuple(sorted(set(wds))) for _, wds in group.groupby("lr")["wd"]}) == 1
