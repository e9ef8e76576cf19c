"""The rounds of a sequential study: the same records give the same cells, and failures do not stop them."""

from pathlib import Path

import pytest
from sequential_studies import configuration, next_of, train

from lrwd.design.grids import study_grids
from lrwd.design.rounds import choose_round, summary
from lrwd.errors import DataError, RecordError
from lrwd.registry import part
from lrwd.runs.collect import runs_frame
from lrwd.runs.failed import is_failed, set_aside_failed, write_failed
from lrwd.runs.record import read_record
from lrwd.study.load import load_study
from lrwd.study.paths import record_path
from lrwd.study.study import Study

GROUP = ("digits", "resnet_digits", "short")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return load_study({**configuration(), "results": str(tmp_path)}, "mine.yaml")


def fail(study: Study, numbers: range) -> None:
    for cell in study.grid_cells[numbers.start : numbers.stop]:
        write_failed(record_path(study.results, cell), study.spec(cell), "ValueError: no")


def test_rounds_lead_to_the_slope_within_the_budget(study: Study) -> None:
    while study.is_open:
        study = next_of(study)
    last = study.rounds[-1]
    assert last.is_last
    assert "all have stopped" in summary(last)
    for network in last.networks.values():
        assert network.half_width is not None
        assert network.half_width <= 0.3
        assert network.b == pytest.approx(-1, abs=0.3)
        assert network.num_asked <= 90
        assert set(network.excluded) == {"ratio", "constant"}
    seeds = {cell.seed for cell in study.grid_cells}
    assert {0, 1} < seeds <= {0, 1, 2, 7}
    # Each cell once, and with the seeds in the study's order.
    assert len(set(study.grid_cells)) == len(study.grid_cells)


def test_the_same_records_give_the_same_round(study: Study, tmp_path: Path) -> None:
    train(study)
    first = choose_round(study)
    assert choose_round(study).to_json() == first.to_json()
    assert first.networks[GROUP].cells
    # Each network has random numbers of its own, which do not depend on the others.
    alone = load_study({**configuration(architectures=["resnet_digits"]), "results": str(tmp_path)}, "mine.yaml")
    assert choose_round(alone).networks[GROUP] == first.networks[GROUP]


def test_failed_trainings_are_no_results_and_not_asked_for_again(study: Study) -> None:
    fail(study, range(4))
    train(study)
    network = choose_round(study).networks[GROUP]
    assert (network.num_asked, network.num_failed) == (30, 4)
    assert network.cells
    assert not {cell for cell, _ in network.cells} & set(study.grid_cells)
    runs = runs_frame(study, {}, study.grid_cells)
    assert len(runs) == 56
    assert set(runs["num_asked"]) == {30}
    assert set(runs["round"]) == {0}
    missing = part("tables", "table1").build(runs).set_index("arch")["num_missing"]
    assert (missing["resnet_digits"], missing["mixer_digits"]) == (4, 0)


def test_a_network_that_fails_everywhere_stops_and_the_others_go_on(study: Study) -> None:
    fail(study, range(30))
    train(study)
    chosen = choose_round(study)
    assert chosen.networks[GROUP].stop
    assert not chosen.networks[GROUP].cells
    assert chosen.cells
    fail(study, range(30, 60))
    with pytest.raises(DataError, match="all trainings failed, so that no round can be chosen"):
        choose_round(study)


def test_the_design_check_simulates_a_full_grid_between_the_limits(study: Study) -> None:
    (grid,) = study_grids(study, None)
    assert grid.name == "digits/short (a full grid in place of rounds)"
    assert (len(grid.lr), grid.num_seeds, grid.num_cells) == (5, 2, 45)
    assert (grid.wd.min(), grid.wd.max()) == (0.01, 1000)


def test_failed_records_count_for_nothing_elsewhere(study: Study) -> None:
    fail(study, range(1))
    path = record_path(study.results, study.grid_cells[0])
    assert is_failed(path)
    with pytest.raises(RecordError, match="status is 'failed'"):
        read_record(path)
    assert set_aside_failed([path, "not there"]) == [path]
    assert not Path(path).exists()
    assert Path(path + ".failed").exists()


def test_the_table_of_rounds_says_what_was_asked_and_why(study: Study) -> None:
    later = next_of(next_of(study))
    train(later)
    table = part("tables", "rounds").build(runs_frame(later, {}, later.grid_cells), later.rounds)
    own = table[table["arch"] == "resnet_digits"]
    assert list(own["round"]) == list(range(len(own)))
    assert own["cells"].iloc[0] == 30
    assert own["cells_so_far"].iloc[0] == 30
    assert own["half_width_before"].iloc[0] == "NA: round 0 is the first"
    later_rows = own[own["round"] > 0]
    assert (later_rows[["extends", "refines", "replicates"]].sum(axis=1) == later_rows["cells"]).all()
    assert part("tables", "rounds").build(runs_frame(study, {}, study.grid_cells), ()).iloc[0]["cells"] == 30
