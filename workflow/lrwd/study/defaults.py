"""Completes a configuration: merges the user's changes into the repository's files and resolves ``extends``."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lrwd.errors import ConfigError
from lrwd.study.hint import did_you_mean

ROOT = Path(__file__).parents[3]
# Sections whose entries may use `extends`, and the name of such an entry in messages.
SECTIONS = {"studies": "study", "datasets": "data set", "architectures": "architecture", "recipes": "recipe"}
# The loader based on libyaml is ten times as fast, but PyYAML may have been built without it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def library_files(root: Path = ROOT) -> list[Path]:
    """Files of the repository's configuration: config.yaml, then every .yaml file below config/, sorted."""
    return [root / "config.yaml", *sorted((root / "config").rglob("*.yaml"))]


def with_defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a configuration with the repository's configuration, and resolve ``extends``.

    The user's keys override the keys of a repository entry (a study, a recipe, …) one by one. An entry with
    ``extends: NAME`` inherits the keys of the entry NAME; its own keys replace inherited ones as a whole. A user's
    entry with ``extends`` replaces the repository's entry of the same name.

    Args:
        config: the user's keys, with or without those of the repository. A configuration that already has every entry
            of the repository (for example, a result of this function) is not extended further.

    Returns:
        A new configuration without ``extends``. It shares no objects with ``config``.

    Raises:
        ConfigError: an ``extends`` names an unknown entry, or the entries extend each other in a circle.
    """
    library = read_library()
    if all(name in _entries(config, section) for section in SECTIONS for name in _entries(library, section)):
        library = {}
    result = _merged(library, config)
    for section in SECTIONS:
        if isinstance(result.get(section), Mapping):
            entries, changes = _entries(library, section), _entries(config, section)
            # The user's own entries come first, so that messages list them first.
            names = [*(name for name in changes if name not in entries), *entries]
            result[section] = {name: _resolved(name, section, entries, changes) for name in names}
    return result


@cache
def read_library(root: Path = ROOT) -> dict[str, Any]:
    """The repository's configuration as written, with ``extends``. The result is cached, so do not modify it.

    Raises:
        ConfigError: a file is not valid YAML, or two files define the same key or entry.
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
    """A section's entries. Empty if the section is missing or not a mapping; the schema check reports that."""
    entries = config.get(section)
    return entries if isinstance(entries, Mapping) else {}


def _resolved(
    name: str, section: str, library: Mapping[str, Any], mine: Mapping[str, Any], path: tuple[str, ...] = ()
) -> Any:
    """An entry with ``extends`` resolved; ``path`` lists the entries that extend it, outermost first."""
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
    """Check the name in an ``extends`` and return it.

    Raises:
        ConfigError: there is no such entry, or it extends itself directly or through other entries.
    """
    where, kind = f"{section}.{name}.extends", SECTIONS[section]
    if not isinstance(base, str) or base not in names:
        texts = list(dict.fromkeys(str(one) for one in names if one != name))
        hint = did_you_mean(str(base), texts)
        raise ConfigError(f"{where}: Unknown {kind} {base!r}.{hint} Available: {', '.join(texts)}")
    if base in path:
        circle = " → ".join([*path[path.index(base) :], base])
        raise ConfigError(
            f"{where}: {base!r} is not allowed, as it leads back to itself ({circle}); name a {kind} that "
            f"does not extend {name!r}, or write the keys out"
        )
    return base


def _merged(base: Any, changes: Any) -> Any:
    """Merge ``changes`` into a copy of ``base``: mappings key by key, other values as a whole."""
    if not (isinstance(base, Mapping) and isinstance(changes, Mapping)):
        return _copied(changes)
    both = {key: _merged(value, changes[key]) if key in changes else _copied(value) for key, value in base.items()}
    return {**both, **{key: _copied(value) for key, value in changes.items() if key not in base}}


def _copied(value: Any) -> Any:
    """A deep copy in which also the objects repeated by YAML aliases are separate."""
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value
