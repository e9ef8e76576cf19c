"""What the tables and figures of the target ``theory`` need, read from their files when that target is planned."""

from collections.abc import Mapping
from typing import Any

from lrwd import registry


def studies_of(table: str) -> tuple[str, ...]:
    """The studies whose records a theory table reads."""
    return registry.part("theory/tables", table).STUDIES


def tables_of(folder: str, name: str) -> tuple[str, ...]:
    """The theory tables that a table or figure is made from.

    Args:
        folder: ``theory/tables`` or ``theory/figures``.
        name: the part.

    Raises:
        ConfigError: it names a table that is none.
    """
    where = f"workflow/lrwd/{folder}/{name}.py: TABLES"
    return tuple(registry.check_name("theory/tables", table, where) for table in registry.part(folder, name).TABLES)


def knobs_of(table: str, config: Mapping[str, Any]) -> Any:
    """A theory table's Config.

    Raises:
        ConfigError: a knob is unknown, missing or not allowed.
    """
    knobs = config["theory"]["tables"].get(table, {})
    return registry.build_config(registry.part("theory/tables", table), knobs, f"theory.tables.{table}")
