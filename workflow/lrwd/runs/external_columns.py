"""Finds the columns of a file that others wrote: as the study names them, by common names, or as constants."""

import re

import pandas as pd

from lrwd.errors import DataError
from lrwd.runs.external_files import PLACE
from lrwd.runs.external_states import are_states
from lrwd.runs.table import COLUMNS
from lrwd.study.hint import did_you_mean
from lrwd.study.imported import ACCURACIES, KEYS, Imported

NEEDED = ("arch", "dataset", "lr", "wd")
# Where tools keep what a run was started with, and what it measured.
_SETTINGS = {"config", "params", "param", "hparams", "hparam", "hyperparameters", "args", "cfg"}
_RESULTS = {"metrics", "metric", "summary", "user", "attrs", "final"}
_FOLDERS = _SETTINGS | _RESULTS | {"optimizer", "optim", "training", "trainer"}
_SPLITS = {"val_top1": ("val", "valid", "validation", "eval", "dev"), "test_top1": ("test",)}
_MEASURES = ("acc", "accuracy", "top1", "top_1", "acc1", "acc_1", "top1_acc", "acc_top1", "top1_accuracy")
_ALIASES: dict[str, set[str]] = {
    "lr": {"lr", "learning_rate", "learningrate", "peak_lr", "max_lr", "base_lr", "init_lr", "initial_lr", "eta", "η"},
    "wd": {"wd", "weight_decay", "weightdecay", "lambda", "λ"},
    "arch": {"arch", "architecture", "model", "model_name", "model_type", "network", "net", "backbone"},
    "dataset": {"dataset", "data_set", "dataset_name", "data_name", "data"},
    "seed": {"seed", "random_seed", "rng_seed", "manual_seed"},
    "recipe": {"recipe"},
    "status": {"status", "state"},
    "num_classes": {"num_classes", "n_classes", "nclasses"},
    "epochs": {"epochs", "num_epochs", "n_epochs", "max_epochs"},
    "batch_size": {"batch_size", "batchsize"},
    **{name: {f"{split}_{measure}" for split in splits for measure in _MEASURES} for name, splits in _SPLITS.items()},
}
# If two columns could be meant, these are taken from neither.
_OPTIONAL = ("recipe", "status", "num_classes", "epochs", "batch_size")


def name_columns(texts: pd.DataFrame, imported: Imported, notes: list[str]) -> pd.DataFrame:
    """Give the columns the names of the runs table.

    Args:
        texts: what ``read_texts`` gives.
        imported: what the configuration says of the columns.
        notes: to which lines are added about what was recognised.

    Returns:
        The same rows; columns of ours under our names, the others as they are. A column that had one of our names, but
        is not the one that the study names, is called ``<name>_given``.

    Raises:
        DataError: a column that the study names does not exist, a constant is in the file as well, a needed column is
            missing, or several columns could be it.
    """
    source, found = imported.path, [str(name) for name in texts.columns.drop(PLACE)]
    for name, given in imported.columns:
        if given not in found:
            raise DataError(
                f"{source}: the study's columns.{name} is {given!r}, but there is no such column."
                f"{did_you_mean(given, found)} Found: {', '.join(found)}"
            )
    names = {given: name for name, given in imported.columns}
    settled = {*names.values(), *(name for name, _ in imported.constants)}
    for name, _ in imported.constants:
        if name in found:
            raise DataError(
                f"{source}: {name} is among the study's constants, and is a column of the file as well; allowed: one. "
                f"Leave it out of constants, or rename the column"
            )
    recognised = {}
    for name in _ALIASES:
        if name not in settled and (column := _recognised(name, texts, found, names, source)):
            recognised[column] = name
    names |= recognised
    given_names = {column: f"{column}_given" for column in found if column in names.values() and column not in names}
    texts = texts.rename(columns={**given_names, **names})
    texts = texts.assign(**dict(imported.constants))
    told = [f"`{column}` as {name}" for column, name in recognised.items() if column != name]
    if told:
        notes.append(f"Columns were recognised by their names: {', '.join(told)}.")
    if imported.constants:
        notes.append(f"The same for all runs: {', '.join(f'{name} {value}' for name, value in imported.constants)}.")
    _refuse_absent(texts, found, source)
    return texts


def common_name(column: str) -> str:
    """A column's name without case, punctuation and the folder that a tool keeps it in: "config.LR" is "lr"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column)
    words = re.sub(r"[^0-9a-zλη]+", "_", spaced.lower()).strip("_").split("_")
    while len(words) > 1 and words[0] in _FOLDERS:
        words = words[1:]
    return "_".join(words)


def _recognised(name: str, texts: pd.DataFrame, found: list[str], taken: dict[str, str], source: str) -> str | None:
    """The file's column that is one of ours; None if there is none."""
    offered = [
        column
        for column in found
        if column not in taken and common_name(column) in _ALIASES[name] and (column == name or column not in COLUMNS)
    ]
    if name == "status":
        offered = [column for column in offered if column == name or are_states(texts[column])]
    if name in offered and (name not in ("lr", "wd") or _are_equal(texts[offered])):
        return name
    folders = _RESULTS if name in ACCURACIES else _SETTINGS
    favoured = [column for column in offered if re.split(r"[^a-z]+", column.lower())[0] in folders]
    if len(favoured) == 1 and (name in KEYS or name in ACCURACIES):
        return favoured[0]
    if len(offered) > 1 and _are_equal(texts[offered]):
        return offered[0]
    if len(offered) > 1 and name not in _OPTIONAL:
        raise DataError(
            f"{source}: {', '.join(map(repr, offered))} could each be {name}, and they differ; say which, such as "
            f"`columns: {{{name}: {offered[0]}}}` in the study"
        )
    return offered[0] if len(offered) == 1 else None


def _are_equal(columns: pd.DataFrame) -> bool:
    """Whether columns have equal entries; numbers are compared as numbers."""
    read = [pd.to_numeric(column, errors="coerce").astype(object) for _, column in columns.items()]
    texts = [column.astype(object) for _, column in columns.items()]
    first, *others = [values.where(values.notna(), text) for values, text in zip(read, texts, strict=True)]
    return all(other.equals(first) for other in others)


def _refuse_absent(texts: pd.DataFrame, found: list[str], source: str) -> None:
    absent = [name for name in NEEDED if name not in texts]
    if not absent:
        return
    hints = []
    for name in absent:
        near = next((hint for alias in sorted(_ALIASES[name]) if (hint := did_you_mean(alias, found))), "")
        if near:
            hints.append(f"For {name}:{near}")
    column = {"lr": "learning_rate", "wd": "weight_decay"}.get(absent[0], f"my_{absent[0]}")
    constants = [name for name in absent if name in ("arch", "dataset")]
    remedy = f"If a column has another name, say so in the study, such as `columns: {{{absent[0]}: {column}}}`"
    if constants:
        remedy += "; if all runs have the same, `constants: {" + ", ".join(f"{name}: NAME" for name in constants) + "}`"
    raise DataError(
        f"{source}: column {', '.join(absent)} is missing. Needed: {', '.join(NEEDED)} and an accuracy; found: "
        f"{', '.join(found)}. {' '.join([*hints, remedy])}"
    )
