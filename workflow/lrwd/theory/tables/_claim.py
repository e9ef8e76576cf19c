"""A claim of a post, and what was found."""

from dataclasses import dataclass

HOLDS, PARTLY, FAILS, UNTESTED = "holds", "holds where", "fails", "not tested"
VERDICTS = (HOLDS, PARTLY, FAILS, UNTESTED)


@dataclass(frozen=True)
class Claim:
    """One line of results/theory.md.

    Args:
        post: "000" or "003".
        place: where in the post, such as "Eq. 16"; the page is in the order of these texts.
        claim: what the post says.
        verdict: one of VERDICTS.
        finding: what was found, with the number and where it holds.
    """

    post: str
    place: str
    claim: str
    verdict: str
    finding: str

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"verdict is {self.verdict!r}; allowed: {', '.join(VERDICTS)}")
