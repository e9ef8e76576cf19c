"""A finding of the paper's consistency check: one claim and its recomputation."""

from dataclasses import dataclass

CONTRADICTED, IMPLAUSIBLE, CONSISTENT = "contradicted", "implausible", "consistent"
# Below this probability of what was printed, a claim that could be true is called implausible.
IMPLAUSIBLE_BELOW = 0.05


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    Args:
        topic: short name.
        where: sections of the paper.
        claim: what it says.
        recomputed: what follows from its printed numbers, in words.
        value: the number that decides.
        verdict: one of the three above.
    """

    topic: str
    where: str
    claim: str
    recomputed: str
    value: float
    verdict: str


def agrees(condition: bool) -> str:
    """``consistent`` or ``contradicted``."""
    return CONSISTENT if condition else CONTRADICTED


def plausible(p: float) -> str:
    """``implausible`` for a probability below 0.05."""
    return IMPLAUSIBLE if p < IMPLAUSIBLE_BELOW else CONSISTENT
