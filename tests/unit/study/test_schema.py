"""The schema of the configuration: every key is described, and an unknown one is refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHEMA = json.loads((Path(__file__).parents[3] / "workflow/schemas/config.schema.json").read_text())


def properties(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of the schema, however deep."""
    if isinstance(node, list):
        for item in node:
            yield from properties(item, where)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                for name, entry in value.items():
                    yield f"{where}.{name}", entry
                    yield from properties(entry, f"{where}.{name}")
            else:
                yield from properties(value, where if key.startswith("$") else f"{where}.{key}")


def test_every_key_is_described() -> None:
    found = list(properties(SCHEMA, ""))
    assert len(found) > 40
    assert not [where for where, entry in found if not {"description", "$ref"} & set(entry)]


def test_no_object_takes_unknown_keys_but_those_whose_part_checks_them() -> None:
    """A data set, an architecture and a part have the keys of their own Config, which are checked when it is built."""

    def objects(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield where, node
            for key, value in node.items():
                yield from objects(value, f"{where}.{key}")

    lenient = {where.rpartition("properties.")[2] for where, node in objects(SCHEMA, "") if open_ended(node)}
    checked_when_built = {"datasets.additionalProperties", "architectures.additionalProperties", ".$defs.part"}
    # … as a theory table's knobs are, when it is planned.
    assert lenient == checked_when_built | {".$defs.study", "pathvars", "tables.additionalProperties"}


def open_ended(node: dict[str, Any]) -> bool:
    """Whether an object of the schema takes any key."""
    return "additionalProperties" not in node
