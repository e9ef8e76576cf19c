"""Nodes whose GPU turned out not to work, noted so that the next attempt goes elsewhere."""

import json
import time
from pathlib import Path

from lrwd.atomic import write_json_atomic

# Somebody has repaired or rebooted it by then; if not, it costs one failed attempt.
FORGET_SEC = 24 * 3600


def note_bad_node(results: str, node: str, reason: str) -> None:
    """Note that a node's GPU does not work."""
    write_json_atomic(_folder(results) / f"{node}.json", {"reason": reason, "unix": round(time.time(), 3)})


def bad_nodes(results: str) -> dict[str, str]:
    """The nodes noted within a day, sorted, each with its reason."""
    found = {}
    for path in sorted(_folder(results).glob("*.json")):
        note = json.loads(path.read_text())
        if time.time() - note["unix"] < FORGET_SEC:
            found[path.stem] = note["reason"]
    return found


def _folder(results: str) -> Path:
    return Path(results, "cluster", "bad_nodes")
