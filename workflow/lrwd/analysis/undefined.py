"""How a table says that a value is undefined: the text "NA: " and the reason."""

import math


def undefined(reason: str) -> str:
    """The table entry of a value that is undefined for this reason."""
    return f"NA: {reason}"


def or_undefined(value: float, reason: str) -> float | str:
    """The value, or where it is NaN the reason."""
    return undefined(reason) if math.isnan(value) else float(value)
