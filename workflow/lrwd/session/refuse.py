"""Stops Snakemake with one line for what a person can put right: a wrong value, unknown target or missing package."""

import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lrwd.errors import ConfigError, DataError, RecordError
from lrwd.study.hint import did_you_mean
from lrwd.study.study import Study

# By their import names; what tables and figures need, and what training needs besides.
ANALYSIS = ("numpy", "pandas", "scipy", "statsmodels", "matplotlib", "seaborn", "sklearn")
TRAINING = ("torch", "torchvision", "timm")
_REMEDY = "Start with `python3 envs/run.py snakemake …`, which installs all packages, or with `--sdm conda`"


class Values(dict[str, str]):
    """Wildcards of a rule, as keys and as attributes, as Snakemake hands them to input functions."""

    __getattr__ = dict.__getitem__


@contextmanager
def one_line() -> Iterator[None]:
    """Report errors that a person can put right without the stack of calls, and exit with status 1."""
    try:
        yield
    except (ConfigError, DataError, RecordError) as error:
        sys.exit(f"\nError: {error}\n")


def check_packages(own_environments: bool, trains: bool) -> str | None:
    """Check that this Python has the packages that jobs import.

    Args:
        own_environments: whether jobs run in environments of their own (conda, containers); nothing is checked then.
        trains: whether the study is trained here.

    Returns:
        A warning if only training is not possible; None if nothing is missing.

    Raises:
        ConfigError: a package that tables and figures need is not installed.
    """
    if own_environments:
        return None
    missing = [name for name in ANALYSIS if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"{sys.executable} lacks the packages {', '.join(missing)}. {_REMEDY}")
    missing = [name for name in TRAINING if importlib.util.find_spec(name) is None]
    if trains and missing:
        return f"{sys.executable} lacks {', '.join(missing)}: nothing can be trained with it. {_REMEDY}"
    return None


def check_imported(study: Study, own_environments: bool) -> None:
    """Read runs from elsewhere once before any job, so that ``-n`` finds what is wrong with them; takes about a second.

    Args:
        study: as configured.
        own_environments: whether jobs run in environments of their own, whose packages this Python need not have.

    Raises:
        DataError: the runs cannot be imported.
    """
    if study.imported is not None and not own_environments:
        # Imported here because it imports pandas, and every job on a cluster reads these rules.
        from lrwd.runs.external import import_runs

        import_runs(study.imported)


def check_targets(targets: Iterable[str], rules: Iterable[Any], study: str) -> dict[str, Any]:
    """Check that every target is a rule, a file that some rule makes, or a file that exists.

    Args:
        targets: as given on the command line.
        rules: Snakemake's rules, with ``name``, ``docstring``, ``is_producer(file)`` and ``products()``.
        study: the configured study, for the message.

    Returns:
        For each target that is a file of a rule, that rule.

    Raises:
        ConfigError: the message names the nearest target that there is.
    """
    rules = list(rules)
    names = {rule.name for rule in rules}
    makers = {}
    for target in targets:
        path = os.path.normpath(target)
        if target in names:
            continue
        maker = next((rule for rule in rules if rule.is_producer(path)), None)
        if maker is not None:
            makers[path] = maker
        if maker is not None or Path(path).exists():
            continue
        files = [str(file) for rule in rules for file in rule.products() if "{" not in str(file)]
        offered = [*(rule.name for rule in rules if rule.docstring), *files]
        raise ConfigError(
            f"no rule of study {study!r} makes {target!r}.{did_you_mean(target, offered)} `snakemake --list` shows the "
            "names; files are such as results/tables/table1.csv, results/figures/forest.png, results/verdict.md"
        )
    return makers
