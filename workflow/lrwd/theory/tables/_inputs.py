"""What every theory table is made from: its knobs, records and other tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

# Study -> the records of its cells.
Records = Mapping[str, Sequence[dict[str, Any]]]
# Name -> theory table.
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class NoKnobs:
    """The ``Config`` of a table without knobs."""
