"""Chooses the next round of a sequential study from the records of the rounds before."""

import numpy as np

from lrwd.errors import DataError
from lrwd.runs.collect import selected_metric
from lrwd.runs.failed import is_failed
from lrwd.runs.record import finite_or_none, read_record
from lrwd.seeds import derive
from lrwd.stats.flat_runs import FlatRuns
from lrwd.stats.next_cells import Limits
from lrwd.stats.sequential import Rules, next_round
from lrwd.study.cell import Cell, Group
from lrwd.study.paths import record_path
from lrwd.study.sequential import Network, Round, stopped
from lrwd.study.study import Part, Study


def choose_round(study: Study) -> Round:
    """Choose the round after those that a study has.

    It depends only on configuration, records and code: the random numbers have seeds of their own, and the order in
    which cells were trained does not enter.

    Args:
        study: with the rounds so far, whose records are all there; failed trainings count as runs without a result.

    Returns:
        The round. A network that has stopped stays so, and has no cells.

    Raises:
        DataError: not a single training of any network has a result.
        RecordError: a record is torn or of another version.
    """
    number = len(study.rounds) + 1
    networks = {}
    for group, part in study.sequential.items():
        if stopped(study.rounds, group):
            networks[group] = study.rounds[-1].networks[group]
        else:
            networks[group] = _choose(study, part, group, number)
    if all(network.num_failed == network.num_asked for network in networks.values()):
        raise DataError(
            f"studies/{study.name}: all trainings failed, so that no round can be chosen; see `snakemake status`, mend "
            f"the cause, and train them again (-f, or delete their records)"
        )
    return Round(number, study.rounds_key, networks)


def summary(chosen: Round) -> str:
    """What a round has chosen, in a line for the terminal."""
    going_on = [network for network in chosen.networks.values() if not network.stop]
    line = f"round {chosen.number}: {len(chosen.cells)} cells for {len(going_on)} of {len(chosen.networks)} networks"
    if num_failed := sum(network.num_failed for network in chosen.networks.values()):
        line += f"; {num_failed} trainings failed so far and are left out (see `snakemake status`)"
    return f"{line}; all have stopped" if chosen.is_last else line


def _choose(study: Study, part: Part, group: Group, number: int) -> Network:
    knobs = part.sequential
    assert knobs is not None
    asked = [cell for cell in study.grid_cells if cell.group == group]
    values = [_value(study, part, cell) for cell in asked]
    runs = FlatRuns(
        np.array([cell.lr for cell in asked]),
        np.array([cell.wd for cell in asked]),
        # Their places among the study's seeds: the next one is the next of that list.
        np.array([part.seeds.index(cell.seed) for cell in asked]),
        np.array(values),
    )
    limits = Limits(knobs.wd_low, knobs.wd_high, len(part.seeds))
    rules = Rules(limits, knobs.batch, knobs.cells, knobs.rounds, knobs.half_width)
    # By the study that the part is named after, so that a study of parts asks the same of it.
    found = next_round(
        runs, number, rules, derive(0, "sequential", part.where, *group), direction=part.selection.direction
    )
    ridge = found.ridge
    return Network(
        cells=tuple((Cell(*group, one.lr, one.wd, part.seeds[one.seed]), one.reason) for one in found.batch.cells),
        stop=found.stop,
        why=found.why,
        num_asked=len(asked),
        num_failed=int(np.isnan(values).sum()),
        b=finite_or_none(ridge.b),
        b_ci_low=finite_or_none(ridge.b_ci[0]),
        b_ci_high=finite_or_none(ridge.b_ci[1]),
        half_width=finite_or_none((ridge.b_ci[1] - ridge.b_ci[0]) / 2),
        half_width_expected=finite_or_none(found.batch.half_width_after)
        if found.batch.cells and ridge.has_number
        else None,
        excluded=ridge.excluded,
        reason="" if ridge.has_number else ridge.reason,
    )


def _value(study: Study, part: Part, cell: Cell) -> float:
    path = record_path(study.results, cell)
    return float("nan") if is_failed(path) else selected_metric(read_record(path), part.selection)[0]
