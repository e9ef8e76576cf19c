"""Number of cells that a sequential study may still choose, and a message about it."""

from collections import Counter

from lrwd.study.sequential import stopped
from lrwd.study.study import Study


def num_open(study: Study) -> int:
    """Maximum number of cells of the remaining rounds; 0 for a study with a fixed grid."""
    asked = Counter(cell.group for cell in study.grid_cells)
    return sum(
        min(knobs.most_cells(len(part.lrs)) - asked[group], (knobs.rounds - 1 - len(study.rounds)) * knobs.batch)
        for group, part in study.sequential.items()
        if (knobs := part.sequential) and not stopped(study.rounds, group)
    )


def outlook(study: Study) -> str:
    """One-line message about the remaining rounds; empty if no round follows."""
    part = next((part for part in study.parts if part.sequential), None)
    if part is None or part.sequential is None or not study.is_open:
        return ""
    knobs, number = part.sequential, len(study.rounds)
    known = "round 0 has" if not number else f"rounds 0 to {number} have"
    return (
        f"Study {study.name} chooses its own cells: {known} {len(study.grid_cells)} cells; up to "
        f"{study.num_rounds - 1 - number} rounds of {knobs.batch} cells a network follow, chosen from the results, "
        f"{num_open(study)} cells at most. A network stops early once b is known to ±{knobs.half_width:g} and at most "
        f"one slope is left."
    )
