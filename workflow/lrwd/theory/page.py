"""One page on the posts' claims: which hold, where, and which fail, from the theory tables by rule."""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from lrwd import registry
from lrwd.reports.wording import count, table_row
from lrwd.theory.tables._claim import VERDICTS, Claim

POSTS = {
    "000": "Weight decay and learning rate as a moving average",
    "003": "Learning rates from gradient norms",
}


def write_theory_page(tables: Mapping[str, pd.DataFrame]) -> str:
    """Word the page from all theory tables.

    Args:
        tables: by name, as ``lrwd.tables._write.read_table`` reads them.

    Returns:
        Markdown: a section for each post, a row for each claim.
    """
    claims = [claim for name, table in tables.items() for claim in claims_of(name, table)]
    sections = ["# What the posts claim, and what was found", _counts(claims)]
    for post, title in POSTS.items():
        own = sorted((claim for claim in claims if claim.post == post), key=lambda claim: _in_order(claim.place))
        if own:
            rows = [table_row(one.claim, one.place, f"**{one.verdict}**", one.finding) for one in own]
            head = ["| claim | in the post | verdict | found |", "|---|---|---|---|"]
            sections += [f"## Post {post}: {title}", "\n".join([*head, *rows])]
    return "\n\n".join(sections) + "\n"


def claims_of(name: str, table: pd.DataFrame) -> list[Claim]:
    """What a theory table says on the posts' claims; many say nothing."""
    part = registry.part("theory/tables", name)
    return part.claims(table) if hasattr(part, "claims") else []


def _in_order(place: str) -> list[tuple[int, str]]:
    """Key by which Eq. 4 comes before Eq. 14."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", place)]


def _counts(claims: Iterable[Claim]) -> str:
    verdicts = [claim.verdict for claim in claims]
    parts = ", ".join(f"“{name}” for {verdicts.count(name)}" for name in VERDICTS if name in verdicts)
    return (
        f"Of {count(len(verdicts), 'claim')}: {parts or 'none'}. Written by rule from the tables beside this page "
        "(`theory/tables`); networks, data and sizes are those of the studies named there, and say nothing of others."
    )
