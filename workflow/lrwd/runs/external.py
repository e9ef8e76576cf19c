"""Brings runs from elsewhere into the runs table, and says what was dropped and why."""

from decimal import Decimal

import numpy as np
import pandas as pd

from lrwd import paper
from lrwd.errors import DataError
from lrwd.runs.external_columns import NEEDED, name_columns
from lrwd.runs.external_failed import Outcome, settle_failed, worst_for_failed
from lrwd.runs.external_files import PLACE, read_texts
from lrwd.runs.external_numbers import accuracies, has_decimal_commas, is_missing, numbers, places_of
from lrwd.runs.external_repeats import numbered, refuse_duplicates, refuse_epochs
from lrwd.runs.external_report import write_report
from lrwd.runs.external_size import refuse_too_many
from lrwd.runs.external_states import DIVERGED, states_of
from lrwd.runs.record import STATUSES
from lrwd.runs.table import COLUMNS, FLAGS, TEXTS
from lrwd.study.hint import did_you_mean
from lrwd.study.imported import Imported

RECIPE = "imported"
# ``in_grid`` is text until the rows are completed, as others write it in several ways.
_TEXT = (*TEXTS, *FLAGS)
# Numbers are compared after this rounding: 0.1 * 3 and 0.3 are one weight decay.
_DIGITS = 12
_SEED_LIMIT = 2.0**63


def import_runs(imported: Imported) -> tuple[pd.DataFrame, str]:
    """Read, check and complete runs that were trained elsewhere.

    Args:
        imported: where they are, and what the configuration says of them.

    Returns:
        The runs table with the columns of results/runs.csv, then the file's other columns; and a report in Markdown.

    Raises:
        DataError: a column is missing, an entry cannot be what it should be, fractions and percent are mixed, a run
            occurs twice, runs have failed and the study does not say how they count, or nothing is left. The message
            names the lines or files.
    """
    source = imported.path
    raw, notes = read_texts(imported)
    notes.insert(0, f"{len(raw)} rows were read.")
    texts = name_columns(raw, imported, notes)
    metric = _metric_column(raw, texts, imported)
    both = _accuracy_columns(texts, imported)
    select, report = both or (None, None)
    result = metric or select
    assert result is not None  # _accuracy_columns would have refused
    texts, dropped = _without_keys(texts)
    texts, outcome = settle_failed(texts, result, imported, notes, dropped)
    if texts.empty:
        raise DataError(f"{source}: no run is left; {'; '.join(dropped) or 'the file has none'}")
    runs = _read_columns(texts, imported, notes)
    _check_values(runs, texts[PLACE], source)
    runs = runs.assign(
        **{
            f"{name}_top1": runs[column] if column else np.nan
            for name, column in (("select", select), ("report", report))
        }
    )
    runs = _completed(runs, texts, outcome, source, notes)
    if outcome.chance.any():
        for name in ("select_top1", "report_top1"):
            runs.loc[outcome.chance, name] = 1 / runs.loc[outcome.chance, "num_classes"]
        notes.append(f"{int(outcome.chance.sum())} diverged runs without an accuracy count as chance, 1/num_classes.")
    if metric:
        value = numbers(texts[metric], metric, texts[PLACE], source)
        value = worst_for_failed(
            value, [runs[name] for name in ("dataset", "arch", "recipe")], outcome.failed, imported.direction
        )
        runs = runs.assign(metric=metric, direction=imported.direction, select_metric=value, report_metric=value)
        notes.append(f"The metric is `{metric}`, {'lower' if imported.direction == 'min' else 'higher'} is better.")
    elif both and runs["select_metric"].isna().all():
        runs = runs.assign(metric=select, direction="max", select_metric=runs["select_top1"])
        runs = runs.assign(report_metric=runs["report_top1"])
    if "seed" not in texts:
        refuse_epochs(runs.drop(columns="seed"), texts, texts[PLACE], source)
        runs["seed"] = numbered(runs, notes)
    elif runs.duplicated(["dataset", "arch", "recipe", "lr", "wd", "seed"]).any():
        refuse_epochs(runs, texts, texts[PLACE], source)
        refuse_duplicates(runs, texts[PLACE], source)
    refuse_too_many(runs, source)
    if select:
        notes.append(f"λ* is chosen on `{select}`; `{report}` is reported.")
    for split in ("val", "test"):
        if f"{split}_top1" in runs:
            if runs[f"{split}_top1_final"].isna().all():
                runs[f"{split}_top1_final"] = runs[f"{split}_top1"]
                notes.append(f"`{split}_top1` is taken as that of the final epoch.")
            runs = runs.drop(columns=f"{split}_top1")
    others = [name for name in runs.columns if name not in COLUMNS]
    return runs[[*COLUMNS, *others]], write_report(runs, source, notes, dropped, others)


def _metric_column(raw: pd.DataFrame, texts: pd.DataFrame, imported: Imported) -> str | None:
    """The column that the study names as its metric, by the file's name or ours; None where it is an accuracy."""
    if imported.metric is None or imported.metric in texts:
        return imported.metric
    found = list(map(str, raw.columns.drop(PLACE)))
    if imported.metric in found:
        return str(texts.columns[raw.columns.get_loc(imported.metric)])
    raise DataError(
        f"{imported.path}: the study's metric.name is {imported.metric!r}, but there is no such column."
        f"{did_you_mean(imported.metric, found)} Found: {', '.join(found)}"
    )


def _accuracy_columns(texts: pd.DataFrame, imported: Imported) -> tuple[str, str] | None:
    """The columns that select and that are reported; None where the study has another metric and no accuracy."""
    offered = [split for split in ("val", "test") if f"{split}_top1" in texts]
    if not offered and {"select_top1", "report_top1"} <= set(texts):
        return "select_top1", "report_top1"  # a runs table of this workflow
    if not offered and imported.metric:
        return None
    if not offered:
        found = list(map(str, texts.columns.drop(PLACE)))
        near = next((name for name in found if any(word in name.lower() for word in ("acc", "top1"))), None)
        raise DataError(
            f"{imported.path}: it needs a column test_top1 or val_top1; found: {', '.join(found)}. Say in the study "
            f"which it is, such as `columns: {{val_top1: {near or 'my_accuracy'}}}`; or, for another result, "
            "`metric: {name: my_loss, direction: min}`"
        )
    split = imported.split or offered[0]
    if split not in offered:
        raise DataError(f"{imported.path}: the study selects on {split!r}, but there is no column {split}_top1")
    return f"{split}_top1", f"{offered[-1]}_top1"


def _without_keys(texts: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out rows that do not say which run they are; and say which."""
    dropped = []
    for name in (*NEEDED, *(name for name in ("seed", "recipe") if name in texts)):
        gone = is_missing(texts[name])
        if gone.any():
            dropped.append(f"{int(gone.sum())} without {name} ({places_of(texts[PLACE][gone])})")
            texts = texts[~gone]
    return texts, dropped


def _read_columns(texts: pd.DataFrame, imported: Imported, notes: list[str]) -> pd.DataFrame:
    """Columns as numbers, fractions or text; a column that is not ours stays as it is."""
    read, commas = {}, []
    for name in texts.columns.drop(PLACE):
        column = texts[name]
        if name in _TEXT:
            read[name] = column.mask(is_missing(column), None)
        elif name not in COLUMNS and name not in ("val_top1", "test_top1"):
            read[name] = column
        elif "top1" in name:
            read[name], unit = accuracies(column, name, texts[PLACE], imported.path, imported.unit)
            notes.append(f"`{name}` is in {'percent' if unit == 'percent' else 'fractions'}.")
        else:
            values = numbers(column, name, texts[PLACE], imported.path)
            read[name] = values.map(lambda value: float(f"{value:.{_DIGITS}g}"))
        if name not in _TEXT and (name in COLUMNS or "top1" in name) and has_decimal_commas(column):
            commas.append(f"`{name}`")
    if "seed" in texts and "`seed`" in commas:
        raise DataError(f"{imported.path}: seed has entries with a comma; allowed: an integer")
    if commas:
        notes.append(f"Commas in {', '.join(commas)} were read as decimal points.")
    return pd.DataFrame(read, index=texts.index)


def _check_values(runs: pd.DataFrame, places: pd.Series, source: str) -> None:
    rules = [("lr", runs["lr"] <= 0, "> 0"), ("wd", runs["wd"] < 0, ">= 0")]
    if "seed" in runs:
        seed = runs["seed"]
        rules += [
            ("seed", seed != seed.round(), "an integer"),
            ("seed", (seed < 0) | (seed >= _SEED_LIMIT), "an integer of at least 0 and below 2**63"),
        ]
    for name, wrong, allowed in rules:
        if wrong.any():
            raise DataError(
                f"{source}: {name} is {runs[name][wrong].iloc[0]:g} in {places_of(places[wrong])}; allowed: {allowed}"
            )


def _completed(
    runs: pd.DataFrame, texts: pd.DataFrame, outcome: Outcome, source: str, notes: list[str]
) -> pd.DataFrame:
    """Fill in what the runs table has and the file has not."""
    if "seed" in texts:
        # From the text: seeds drawn from a clock or a hash have more digits than a float.
        runs = runs.assign(seed=texts["seed"].map(lambda text: int(Decimal(text))).astype("int64"))
    known = runs["arch"].map(lambda arch: paper.SCRIPT_NAMES.get(arch, arch))
    runs["label"] = runs["label"].fillna(known) if "label" in runs else known
    if "recipe" not in runs:
        runs["recipe"] = RECIPE
    if "status" in runs:
        if not runs["status"].isin(STATUSES).all():
            notes.append(f"`status` has values other than {', '.join(STATUSES)}; it is kept as `status_given`.")
            runs["status_given"] = runs["status"]
        runs["status"] = np.where(states_of(texts["status"]) == DIVERGED, "diverged", "ok")
    else:
        runs["status"] = "ok"
    runs.loc[outcome.failed, "status"] = "diverged"
    if "in_grid" in runs:
        flags = runs["in_grid"].str.lower().map({"true": True, "1": True, "false": False, "0": False})
        if flags.isna().any():
            places = places_of(texts[PLACE][flags.isna()])
            raise DataError(f"{source}: in_grid is neither True nor False in {places}")
        runs["in_grid"] = flags.astype(bool)
    else:
        runs["in_grid"] = True
    for name in COLUMNS:
        if name not in runs:
            runs[name] = None
    return runs
