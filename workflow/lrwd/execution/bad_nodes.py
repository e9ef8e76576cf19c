"""Keeps a list of nodes with a broken GPU, so that the next attempt runs on another node."""

import json
import time
from pathlib import Path

from lrwd.atomic import write_json_atomic

# By then the node has probably been repaired or rebooted. If not, the cost is one failed attempt.
FORGET_SEC = 24 * 3600


def note_bad_node(results: str, node: str, reason: str) -> None:
    """Record that a node's GPU does not work."""
    write_json_atomic(_folder(results) / f"{node}.json", {"reason": reason, "unix": round(time.time(), 3)})


def bad_nodes(results: str) -> dict[str, str]:
    """Return the nodes recorded within the last day, sorted by name, each with its reason."""
    found = {}
    for path in sorted(_folder(results).glob("*.json")):
        note = json.loads(path.read_text())
        if time.time() - note["unix"] < FORGET_SEC:
            found[path.stem] = note["reason"]
    return found


def _folder(results: str) -> Path:
    return Path(results, "cluster", "bad_nodes")
