"""Unfolds the table that W&B's documentation shows for its API, whose columns `config` and `summary` hold dicts."""

import ast
import math
from typing import Any

import pandas as pd

from lrwd.errors import DataError

_FOLDED = ("config", "summary")
_WORDS = {"nan": math.nan, "inf": math.inf}


def unfolded(texts: pd.DataFrame, source: str) -> tuple[pd.DataFrame, list[str]]:
    """Give every key of the dicts in the columns ``config`` and ``summary`` a column of its own.

    Args:
        texts: rows of a CSV file; other tables are returned as they are.
        source: the file, for messages.

    Returns:
        The table with columns such as ``config.lr`` and ``summary.val/acc``, "" where a run has no such key; keys of
        dicts in dicts are joined by dots. Then what is to be said of it, a sentence each.

    Raises:
        DataError: an entry is not a dict as Python prints it.
    """
    if not set(_FOLDED) <= set(texts) or not texts[list(_FOLDED)].apply(lambda one: one.str.startswith("{")).all(
        axis=None
    ):
        return texts, []
    rows = []
    for index, entries in zip(texts.index, texts[list(_FOLDED)].itertuples(index=False), strict=True):
        row: dict[str, str] = {}
        for name, entry in zip(_FOLDED, entries, strict=True):
            try:
                row |= _flat(_dict(entry), name)
            except (ValueError, SyntaxError, RecursionError):
                raise DataError(
                    f"{source}: {name} of line {int(index) + 1} begins with '{{', but is not a dict as Python prints it"
                ) from None
        rows.append(row)
    columns = pd.DataFrame(rows, index=texts.index).fillna("")
    return texts.drop(columns=list(_FOLDED)).join(columns), ["`config` and `summary` of W&B were unfolded."]


class _Words(ast.NodeTransformer):
    """Puts numbers in place of ``nan`` and ``inf``, which Python prints but does not read."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(_WORDS[node.id]) if node.id in _WORDS else node


def _dict(text: str) -> dict[str, Any]:
    value = ast.literal_eval(_Words().visit(ast.parse(text, mode="eval")).body)
    if not isinstance(value, dict):
        raise ValueError("not a dict")
    return value


def _flat(values: dict[str, Any], name: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{name}.{key}")
        else:
            flat[f"{name}.{key}"] = "" if value is None else str(value).strip()
    return flat
