"""How the published numbers look: grey, hollow and named, so that nobody takes them for measured ones."""

import math
from collections.abc import Iterable, Sequence

from matplotlib.axes import Axes

from lrwd import paper
from lrwd.figures._style import FONT_SIZE

LOOKS = {paper.CIFAR100: ("#4D4D4D", "*"), paper.IMAGENET: ("#7F7F7F", "h")}
# Published values that are further from all measured ones than this factor are named and not drawn.
FAR = 10.0
_NAMES = {paper.CIFAR100: "CIFAR-100", paper.IMAGENET: "ImageNet"}


def name_of(dataset: str) -> str:
    """Legend text of a published data set."""
    return f"published ({_NAMES[dataset]})"


def is_far(values: Iterable[float], published: Sequence[float]) -> bool:
    """Whether positive values all lie so far from published ones that one axis would be empty in between.

    Args:
        values: measured; those that are not finite are left out. A value of 0 or below is near everything.
        published: positive.
    """
    found = [value for value in values if math.isfinite(value)]
    if not found or min(found) <= 0:
        return False
    return min(found) > FAR * max(published) or max(found) < min(published) / FAR


def beyond(axes: Axes, values: Iterable[float], text: str) -> None:
    """Say above a panel that published values are far from its own, with an arrow to the side on which they lie.

    Args:
        axes: the panel.
        values: its own.
        text: names the published values, and ends with "is" or "are".
    """
    left = min(value for value in values if math.isfinite(value)) > paper.RHO
    axes.text(
        0.0 if left else 1.0, 1.0, f"◀ {text} far smaller" if left else f"{text} far larger ▶", va="bottom",
        transform=axes.transAxes, ha="left" if left else "right", size=FONT_SIZE, color=LOOKS[paper.CIFAR100][0],
    )  # fmt: skip
