"""What is found out about a study's records when Snakemake starts, before it looks at them itself."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lrwd.runs.failed import set_aside_failed
from lrwd.runs.missing import note_missing
from lrwd.runs.record import set_aside_torn
from lrwd.study.cell import Cell
from lrwd.study.paths import record_path
from lrwd.study.study import Study

# So many records are looked at for the code that trained them.
FEW = 20


def look_at_records(study: Study, cells: Sequence[Cell], made: str, more: Sequence[str] = ()) -> None:
    """Set aside records that are none, say which are of other code, and note whether some are missing.

    Args:
        study: where the cells belong.
        cells: those known by now.
        made: path of what is made of all their records.
        more: paths of further files that it is made of.
    """
    # Not at the top: it imports pandas, and every job on a cluster reads these rules.
    from lrwd.runs.collect import trained_by_other_code

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    records, with_bases = ([record_path(study.results, cell) for cell in n] for n in (cells, study.with_bases(cells)))
    # A record that was cut short (a full disk, a broken copy) is no record: its cell is trained again.
    for path in set_aside_torn(with_bases):
        say(f"{path}: not a whole record; set aside as {path}.torn, the cell is trained again")
    # Another study may have cells in common with a sequential one, which keeps records of failures.
    for path in set_aside_failed(with_bases) if not study.sequential else ():
        say(f"{path}: the record of a failed training; set aside as {path}.failed, the cell is trained again")
    if other := trained_by_other_code(study, cells[:FEW]):
        say(f"{other[0]}: trained by another version of the code; Snakemake trains such cells again")
    note_missing([*records, *more], Path(study.results, "studies", study.name, "missing"), Path(made))
