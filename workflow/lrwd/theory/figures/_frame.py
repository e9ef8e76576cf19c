"""How every figure of the theory begins: it is given its tables, and drawn with the settings that all figures share."""

import functools
from collections.abc import Callable, Mapping

import pandas as pd
from matplotlib.figure import Figure

from lrwd.figures._style import styled


def from_tables(*names: str) -> Callable[[Callable[..., Figure]], Callable[[Mapping[str, pd.DataFrame]], Figure]]:
    """Make a module's ``draw`` of a function that draws theory tables.

    Args:
        names: the tables' names, in the order of the function's arguments.
    """

    def decorate(drawing: Callable[..., Figure]) -> Callable[[Mapping[str, pd.DataFrame]], Figure]:
        @functools.wraps(drawing)
        @styled
        def draw(tables: Mapping[str, pd.DataFrame]) -> Figure:
            return drawing(*(tables[name] for name in names))

        return draw

    return decorate
