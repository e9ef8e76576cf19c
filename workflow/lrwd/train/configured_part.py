"""Reads an entry of a recipe that names a part and gives its knobs."""

import types
from collections.abc import Mapping
from typing import Any

from lrwd import registry


def configured_part(folder: str, entry: Mapping[str, Any], where: str) -> tuple[types.ModuleType, Any]:
    """The module and the Config of an entry ``{name: …, knobs}``.

    Args:
        folder: the part's folder in the package, such as ``optim``.
        entry: the part's name, and its knobs.
        where: the entry's place in config.yaml, for messages.

    Raises:
        ConfigError: there is no such part, or a knob is unknown, missing or not allowed.
    """
    module = registry.part(folder, entry["name"])
    knobs = {key: value for key, value in entry.items() if key != "name"}
    return module, registry.build_config(module, knobs, where)
