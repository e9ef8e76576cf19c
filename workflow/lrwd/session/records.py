"""Checks a study's records when Snakemake starts, before Snakemake reads them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from lrwd.runs.failed import set_aside_failed
from lrwd.runs.missing import note_missing
from lrwd.runs.record import set_aside_torn
from lrwd.study.cell import Cell
from lrwd.study.paths import record_path
from lrwd.study.study import Study

# Number of records that are checked for a changed code hash.
FEW = 20


def check_records(study: Study, cells: Sequence[Cell], made: str, more: Sequence[str] = ()) -> None:
    """Set aside unusable records, report records of other code, and note which are missing.

    Args:
        study: the study that the cells belong to.
        cells: the cells known so far.
        made: path of the file that is made from all of their records.
        more: paths of further files that it is made from.
    """
    # Imported here because it imports pandas, and every job on a cluster reads these rules.
    from lrwd.runs.collect import trained_by_other_code

    def report(text: str) -> None:
        print(text, file=sys.stderr)

    records, with_bases = ([record_path(study.results, cell) for cell in n] for n in (cells, study.with_bases(cells)))
    # The cell of an incomplete record (full disk, broken copy) is trained again.
    for path in set_aside_torn(with_bases):
        report(f"{path}: not a whole record; set aside as {path}.torn, the cell is trained again")
    # A sequential study keeps records of failed trainings. Other studies may share these cells and train them again.
    for path in set_aside_failed(with_bases) if not study.sequential else ():
        report(f"{path}: the record of a failed training; set aside as {path}.failed, the cell is trained again")
    if other := trained_by_other_code(study, cells[:FEW]):
        report(f"{other[0]}: trained by another version of the code; Snakemake trains such cells again")
    note_missing([*records, *more], Path(study.results, "studies", study.name, "missing"), Path(made))
