"""Numbers and texts on figures: compact numbers, estimates with their intervals, wrapping."""

import functools
import math
import re
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from lrwd.analysis.undefined import number, reason, undefined

# Longest name on a figure, in characters.
MAX_NAME = 29


def compact(value: float) -> str:
    """Print a number as short as three digits allow: 0, 5e-5, 0.01, 0.3, 30, 1.23e4."""
    if not math.isfinite(value):
        return "NA"
    if abs(value) < 1e-12:  # rounding of an exact zero
        return "0"
    if value < 0:
        return f"−{compact(-value)}"
    mantissa, exponent = f"{value:.2e}".split("e")
    power = int(exponent)
    if -2 <= power <= 2:
        return f"{value:.{2 - power}f}".rstrip("0").rstrip(".") if power < 2 else f"{value:.0f}"
    return f"{mantissa.rstrip('0').rstrip('.')}e{power}"


def interval(value: Any, low: Any, high: Any, decimals: int | None = None) -> str:
    """Print an estimate with its confidence interval: ``0.098 [0.081, 0.115]``, or the part that is defined.

    Args:
        value, low, high: entries of a table.
        decimals: digits after the point; if None, the largest number has 3 significant digits.
    """
    if reason(value):
        return undefined(reason(value))
    if reason(low) or reason(high):
        return f"{_fixed(value, decimals)} [CI: NA]"
    if decimals is not None:
        return f"{_fixed(value, decimals)} [{_fixed(low, decimals)}, {_fixed(high, decimals)}]"
    three = [number(value), number(low), number(high)]
    largest = max(abs(one) for one in three)
    power = math.floor(math.log10(largest)) if largest > 1e-12 else 2
    # The same number of decimals for all three: 0.004 with 0.196, not 4.13e-3.
    decimals = max(0, 2 - power) if -3 <= power <= 4 else None
    printed = [_fixed(one, decimals) for one in three]
    return f"{printed[0]} [{printed[1]}, {printed[2]}]"


def _fixed(value: Any, decimals: int | None) -> str:
    if decimals is None:
        return compact(number(value))
    # + 0.0 turns a rounded -0.00 into 0.00.
    return f"{round(number(value), decimals) + 0.0:.{decimals}f}".replace("-", "−")


@functools.lru_cache(maxsize=4096)
def inches(text: str, size: float) -> float:
    """Width of one line of text in inches, from the font's own metrics."""
    if not text.strip():
        return 0.0
    path = TextPath((0, 0), text, size=size, prop=FontProperties(family="DejaVu Sans"))
    return float(path.get_extents().width) / 72.0


def shortened(text: str) -> str:
    """A name; if it is too long for a label, without its middle, as names often differ at their ends."""
    if len(text) <= MAX_NAME:
        return text
    half = (MAX_NAME - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def wrap(text: str, width: float, size: float) -> str:
    """Break a text into lines of at most ``width`` inches; at " · " if there is any, else at spaces.

    Names that are too long for a line are broken after an underscore.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        joint = " · " if " · " in paragraph else " "
        line = ""
        for piece in (part for whole in paragraph.split(joint) for part in _broken(whole, width, size)):
            longer = f"{line}{joint}{piece}" if line else piece
            if line and inches(longer, size) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
        lines.append(line)
    return "\n".join(lines)


def _broken(name: str, width: float, size: float) -> list[str]:
    """Parts of a name that fit on a line each, as far as its underscores allow."""
    parts = [""]
    for piece in re.split(r"(?<=_)", name):
        if parts[-1] and inches(parts[-1] + piece, size) > width:
            parts.append(piece)
        else:
            parts[-1] += piece
    return parts
