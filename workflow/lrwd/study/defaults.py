"""The configuration with every key written out: the repository's own files, the user's changes, and ``extends``."""

import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lrwd.errors import ConfigError

ROOT = Path(__file__).parents[3]
# Sections whose entries may say `extends`, and what messages call an entry.
SECTIONS = {"studies": "study", "datasets": "data set", "architectures": "architecture", "recipes": "recipe"}
# libyaml where PyYAML was built with it; ten times as fast.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def library_files(root: Path = ROOT) -> list[Path]:
    """The repository's configuration: config.yaml, then every .yaml file below config/, sorted."""
    return [root / "config.yaml", *sorted((root / "config").rglob("*.yaml"))]


def with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a configuration with the repository's own, and resolve ``extends``.

    The user's keys change an entry of the repository (a study, a recipe, …) one by one. An entry that says
    ``extends: NAME`` has the keys of the entry NAME, each replaced as a whole where the entry has that key itself. A
    user's entry with ``extends`` replaces the repository's entry of the same name.

    Args:
        config: the user's keys, with or without the repository's. If it already has every entry of the repository,
            as a result of this function does, nothing is added to it.

    Returns:
        A new configuration, which shares nothing with ``config`` and has no ``extends``.

    Raises:
        ConfigError: an ``extends`` names no entry, or leads back to its own entry.
    """
    library = read_library()
    if all(name in _entries(config, section) for section in SECTIONS for name in _entries(library, section)):
        library = {}
    result = _merged(library, config)
    for section in SECTIONS:
        if isinstance(result.get(section), Mapping):
            entries, changes = _entries(library, section), _entries(config, section)
            # The user's own entries first, as messages list them.
            names = [*(name for name in changes if name not in entries), *entries]
            result[section] = {name: _resolved(name, section, entries, changes) for name in names}
    return result


@cache
def read_library(root: Path = ROOT) -> dict[str, Any]:
    """The repository's configuration as written, with ``extends``. It is cached: do not change it.

    Raises:
        ConfigError: a file is not YAML, or two files have the same key or entry.
    """
    library: dict[str, Any] = {}
    for path in library_files(root):
        try:
            with open(path, encoding="utf-8") as file:
                content = yaml.load(file, _Loader) or {}
        except yaml.YAMLError as error:
            raise ConfigError(f"{path}: is not YAML: {error}") from None
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: has no keys at its top level")
        for key, value in content.items():
            if key in SECTIONS and isinstance(value, dict):
                section = library.setdefault(key, {})
                if twice := section.keys() & value.keys():
                    raise ConfigError(f"{path}: {key}.{min(twice)} is in another file of config/ as well")
                section.update(value)
            elif key in library:
                raise ConfigError(f"{path}: {key} is in another file of config/ as well")
            else:
                library[key] = value
    return library


def _entries(config: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """A section's entries; none where it is missing or no mapping, which the schema check reports."""
    entries = config.get(section)
    return entries if isinstance(entries, Mapping) else {}


def _resolved(
    name: str, section: str, library: Mapping[str, Any], mine: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Any:
    """An entry without ``extends``; ``path`` is the entries that lead to it."""
    replaces = name not in library or (isinstance(mine.get(name), Mapping) and "extends" in mine[name])
    entry = mine[name] if replaces else library[name]
    if isinstance(entry, Mapping):
        own = {key: _copied(value) for key, value in entry.items() if key != "extends"}
        if "extends" in entry:
            base = _known(entry["extends"], name, section, [*mine, *library], (*path, name))
            inherited = _resolved(base, section, library, mine, (*path, name))
            if not isinstance(inherited, Mapping):
                raise ConfigError(
                    f"{section}.{base}: {inherited!r} is not allowed, as {section}.{name} extends it; give keys"
                )
            own = {**inherited, **own}
        entry = own
    return _copied(entry) if replaces or name not in mine else _merged(entry, mine[name])


def _known(base: Any, name: str, section: str, names: list[str], path: tuple[str, ...]) -> str:
    """The name of the entry that another extends, if there is one and it does not lead back.

    Raises:
        ConfigError: there is no such entry, or it is on the path to itself.
    """
    where, kind = f"{section}.{name}.extends", SECTIONS[section]
    if not isinstance(base, str) or base not in names:
        texts = list(dict.fromkeys(str(one) for one in names if one != name))
        close = difflib.get_close_matches(str(base), texts, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"{where}: Unknown {kind} {base!r}.{hint} Available: {', '.join(texts)}")
    if base in path:
        circle = " → ".join([*path[path.index(base) :], base])
        raise ConfigError(
            f"{where}: {base!r} is not allowed, as it leads back to itself ({circle}); name a {kind} that "
            f"does not extend {name!r}, or write the keys out"
        )
    return base


def _merged(base: Any, changes: Any) -> Any:
    """``changes`` over ``base``: mappings key by key, anything else as a whole; shares nothing with either."""
    if not (isinstance(base, Mapping) and isinstance(changes, Mapping)):
        return _copied(changes)
    both = {key: _merged(value, changes[key]) if key in changes else _copied(value) for key, value in base.items()}
    return {**both, **{key: _copied(value) for key, value in changes.items() if key not in base}}


def _copied(value: Any) -> Any:
    """A copy in which nothing is shared, not even what a YAML alias repeats."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
