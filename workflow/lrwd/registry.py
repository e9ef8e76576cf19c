"""Finds a part (a schedule, an architecture, a data set, …) by the name of its file.

A part is a module in one of the package's folders. It has a frozen dataclass ``Config`` (its knobs, without defaults)
and a builder. To add a part, add a file to the folder.
"""

import dataclasses
import importlib
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrwd.errors import ConfigError

PACKAGE = Path(__file__).parent
# Name of a part of each folder in error messages.
KINDS = {
    "augment": "augmentation",
    "data": "data source",
    "models": "model",
    "optim": "optimizer",
    "schedules": "schedule",
    "tables": "table",
    "figures": "figure",
    "theory/tables": "theory table",
    "theory/figures": "theory figure",
}


def names(folder: str) -> list[str]:
    """Names of the parts in a folder of the package, sorted. Files starting with ``_`` are not parts."""
    return sorted(path.stem for path in (PACKAGE / folder).glob("*.py") if not path.stem.startswith("_"))


def check_name(folder: str, name: Any, where: str = "") -> str:
    """Check that a part with this name exists, and return the name.

    Raises:
        ConfigError: there is no such part; the message lists the available ones.
    """
    available = names(folder)
    if name not in available:
        prefix = f"{where}: " if where else ""
        raise ConfigError(f"{prefix}Unknown {KINDS[folder]} {name!r}. Available: {', '.join(available)}")
    return name


def part(folder: str, name: str) -> types.ModuleType:
    """The module of a part.

    Raises:
        ConfigError: no part has this name.
    """
    check_name(folder, name)
    return importlib.import_module(f"lrwd.{folder.replace('/', '.')}.{name}")


def build_config(module: types.ModuleType, knobs: Mapping[str, Any], where: str) -> Any:
    """Make a part's ``Config`` from a mapping of config.yaml.

    Args:
        module: the part.
        knobs: its keys and values, all of them.
        where: the place in config.yaml, for messages, such as ``recipes.demo.schedule``.

    Raises:
        ConfigError: a key is unknown or missing, or a value has a wrong type.
    """
    fields = {field.name: field for field in dataclasses.fields(module.Config)}
    allowed = ", ".join(fields) or "none"
    for key in knobs:
        if key not in fields:
            raise ConfigError(f"{where}: unknown key {key!r}. Allowed: {allowed}")
    for key, field in fields.items():
        if key not in knobs and field.default is dataclasses.MISSING:
            raise ConfigError(f"{where}: key {key!r} is missing. Needed: {allowed}")
    hints = typing.get_type_hints(module.Config)
    values = {key: _typed(value, hints[key], f"{where}.{key}") for key, value in knobs.items()}
    try:
        return module.Config(**values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None


def number(value: Any, where: str) -> float:
    """Convert a YAML value to a finite number. YAML reads ``5e-5`` (without a decimal point) as a string.

    Raises:
        ConfigError: the value is not a finite number.
    """
    try:
        result = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        result = math.nan
    if not math.isfinite(result):
        raise ConfigError(f"{where}: {value!r} is not a number")
    return result


def _typed(value: Any, hint: Any, where: str) -> Any:
    """Check a YAML value against a field's type; lists become tuples, so that a Config can be hashed."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        rest = [arg for arg in args if arg is not type(None)]
        for arg in rest[:-1]:
            try:
                return _typed(value, arg, where)
            except ConfigError:
                continue
        return _typed(value, rest[-1], where)
    if origin is tuple and isinstance(value, (list, tuple)):
        if args[-1] is Ellipsis:
            return tuple(_typed(item, args[0], where) for item in value)
        if len(value) == len(args):
            return tuple(_typed(item, arg, where) for item, arg in zip(value, args, strict=True))
    elif hint is float:
        return number(value, where)
    elif hint is Any or (hint in (str, bool, int) and type(value) is hint):  # not isinstance: True is an int
        return value
    elif (origin is dict or hint is dict) and isinstance(value, Mapping):
        return dict(value)
    name = getattr(hint, "__name__", str(hint)) if origin is None else str(hint)
    raise ConfigError(f"{where}: {value!r} is not of type {name}")
