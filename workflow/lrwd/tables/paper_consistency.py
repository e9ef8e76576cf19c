"""Table of what the paper's printed numbers say about each other, each claim recomputed."""

import dataclasses

import pandas as pd

from lrwd.tables._consistency import design as _findings_design
from lrwd.tables._consistency import grid as _findings_grid
from lrwd.tables._consistency import significance as _findings_tests
from lrwd.tables._consistency.finding import Finding

COLUMNS = tuple(field.name for field in dataclasses.fields(Finding))


def build(runs: pd.DataFrame) -> pd.DataFrame:
    """Recompute the paper's claims from the numbers that it prints; no training enters.

    Args:
        runs: not used: the table is the same for every study.

    Returns:
        One row a claim. ``verdict`` is ``contradicted`` where the printed numbers exclude the claim, ``implausible``
        where they only make it unlikely, else ``consistent``.

    Source: lrwd/paper.py.
    """
    parts = (_findings_grid, _findings_tests, _findings_design)
    rows = [dataclasses.asdict(finding) for part in parts for finding in part.findings()]
    return pd.DataFrame(rows, columns=list(COLUMNS))
