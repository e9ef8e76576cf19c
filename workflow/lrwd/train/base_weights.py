"""The final weights of a base cell, from which the cell of another recipe starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrwd.errors import ConfigError
from lrwd.runs.record import read_record
from lrwd.study.recipe import start_recipe


def read_base_weights(recipe: Mapping[str, Any], path: Path | None) -> tuple[str | None, str | None]:
    """Read the checksum of a base cell's final weights from its record.

    Args:
        recipe: of the cell that may start from these weights.
        path: the base cell's record.

    Returns:
        The SHA-256 as ``weights_sha256`` computes it and None; or None and the reason why there are no weights. Both
        are None if the recipe does not start from another recipe's cells.

    Raises:
        ConfigError: the record was not given.
        RecordError: it is torn or of another version.
    """
    base = start_recipe(recipe)
    if base is None:
        return None, None
    if path is None:
        raise ConfigError(f"recipes.{recipe['name']}.start_from: the base cell's record was not given")
    record = read_record(path)
    if record["status"] == "diverged":
        return None, f"the base cell (recipe {base}) diverged, so there are no weights to start from"
    return record["weights_sha256"], None
