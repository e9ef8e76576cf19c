"""What keeps a study's grid from answering, as far as can be told before anything is trained or simulated."""

import math
from collections.abc import Sequence

from lrwd import paper
from lrwd.study.study import Part, Study

# Learning rates that must bracket their best weight decay, and how many leave room for one that does not.
MIN_LR, BETTER_LR = 3, 4
# Weight decays above 0 at a learning rate: one on either side of the best.
MIN_WD = 3
# From the lowest to the highest of them; across less accuracy hardly changes.
MIN_SPAN = 10.0
_ROUNDING = 1e-9


def grid_warnings(study: Study) -> list[str]:
    """Say of each grid of a study why it can hardly show how wd must follow lr; cheap, nothing is simulated.

    Args:
        study: as configured. One whose runs come from elsewhere has no grid yet; one that chooses its own cells is
            judged by its learning rates alone.

    Returns:
        One line for each grid (data sets and recipes with equal reasons share it) that can hardly answer.
    """
    found: dict[str, list[str]] = {}
    for part in study.parts:
        for dataset, recipe in dict.fromkeys((group[0], group[2]) for group in part.groups()):
            reasons = _reasons(study, part, (dataset, part.archs[0], recipe))
            if reasons:
                found.setdefault("; ".join(reasons), []).append(f"{dataset}/{recipe}")
    return [
        f"study {study.name} ({', '.join(names)}) can hardly show how wd must follow lr: {reason}. "
        "The target `design` simulates what it can show."
        for reason, names in found.items()
    ]


def _reasons(study: Study, part: Part, group: tuple[str, str, str]) -> list[str]:
    lrs = sorted(set(study.lrs(part, group)))
    reasons = []
    if len(lrs) < MIN_LR:
        number = f"{len(lrs)} learning rate{'s' if len(lrs) > 1 else ''}"
        reasons.append(f"{number}, where {MIN_LR} must bracket their best wd ({BETTER_LR} or more are better)")
    if study.sequential:
        return reasons
    rows = [[wd for wd in study.wds(part, group, lr) if wd > 0] for lr in lrs]
    few = sum(len(set(row)) < MIN_WD for row in rows)
    if few:
        reasons.append(f"fewer than {MIN_WD} wd above 0 at {few} of {len(lrs)} lr, so that none is bracketed there")
    else:
        narrow = sum(row[-1] / row[0] < MIN_SPAN * (1 - _ROUNDING) for row in rows)
        if narrow:
            reasons.append(f"wd spans less than a factor of {MIN_SPAN:g} at {narrow} of {len(lrs)} lr")
    if group[0] in paper.DATASETS and not few:
        reasons += _misses_the_ratio(lrs, rows, float(study.config["design"]["rho"]))
    return reasons


def _misses_the_ratio(lrs: Sequence[float], rows: Sequence[Sequence[float]], rho: float) -> list[str]:
    """Whether the published ratio, on the data sets that it was published for, lies outside the wd."""
    targets = [math.log(rho * lr) for lr in lrs]
    below = sum(target <= math.log(row[0]) + _ROUNDING for target, row in zip(targets, rows, strict=True))
    above = sum(target >= math.log(row[-1]) - _ROUNDING for target, row in zip(targets, rows, strict=True))
    if len(lrs) - below - above >= MIN_LR:
        return []
    sides = [f"below the lowest wd above 0 at {below}"] * (below > 0) + [f"above the highest at {above}"] * (above > 0)
    place = " and ".join(sides)
    return [f"the published optimum, wd = {rho:g}·lr, is {place} of {len(lrs)} lr, so that it could not be seen"]
