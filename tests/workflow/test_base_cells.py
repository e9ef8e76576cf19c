"""Cells with a base are trained after the base cell, and again if the base changes."""

import csv
import io
import json
import shutil
from typing import Any

import pytest
from projects import Project, copied, tiny_study

FIRST, REFINED = "digits/resnet_digits/first/", "digits/resnet_digits/refined/"
MADE_FROM_IT = {"name": "warmup_decay_trace", "base": "first", "filter_width": 0.1}


def refined_study() -> dict[str, Any]:
    """One network with a schedule computed from another recipe's gradient norms; the larger lr diverges."""
    config = tiny_study()
    tiny = config["recipes"]["tiny"]
    first = {**tiny, "gradient_trace": True}
    config["recipes"] = {"first": first, "refined": {**tiny, "schedule": MADE_FROM_IT}}
    config["studies"]["tiny"] |= {"architectures": ["resnet_digits"], "recipes": ["refined"]}
    return json.loads(json.dumps(config))  # a deep copy of TINY


def recipe(project: Project, name: str) -> dict[str, Any]:
    return project.extra["recipes"][name]


@pytest.fixture(scope="module")
def trained(shared: Any) -> Project:
    """The study, trained and collected; tests must not change it."""
    return shared("refined", refined_study(), "--", "results/runs.csv")[0]


@pytest.fixture
def free(trained: Project, tmp_path: Any) -> Project:
    """A copy that tests may change; modification dates are kept."""
    return copied(trained, tmp_path / "refined")


def test_the_base_is_trained_first_and_is_no_row(trained: Project) -> None:
    cells = {f"lr{lr}_wd{wd}_seed0" for lr in ("0.003",) for wd in ("0.1", "1", "0.06")}
    cells |= {f"lr1e+30_wd{wd}_seed0" for wd in ("0.1", "1", "2e+31")}
    assert set(trained.records()) == {place + cell for place in (FIRST, REFINED) for cell in cells}
    rows = list(csv.DictReader(io.StringIO(trained.read("results/runs.csv"))))
    assert {row["recipe"] for row in rows} == {"refined"}
    assert len(rows) == 6
    for cell in cells:
        first, refined = (json.loads(trained.records()[place + cell].read_text()) for place in (FIRST, REFINED))
        assert refined["spec"]["base"] == first["spec"]["recipe"]
        assert "gradient_norms" not in refined
        if cell.startswith("lr0.003"):
            assert refined["status"] == first["status"] == "ok"
            assert len(first["gradient_norms"]) == first["steps_per_epoch"] * 2
            assert refined["history"][-1]["lr_t"] == 0  # decayed
        else:
            assert refined["status"] == first["status"] == "diverged"
            assert refined["history"] == []
            assert refined["reason"].startswith("the base cell (recipe first) diverged")
    assert {row["status"] for row in rows if row["lr"] == "1e+30"} == {"diverged"}
    assert {row["select_top1"] for row in rows if row["lr"] == "1e+30"} == {"0.1"}


def test_nothing_more_to_do(free: Project) -> None:
    assert "Nothing to be done" in free.plan("--", "results/runs.csv").text


def test_one_cell_plans_its_base_too(free: Project) -> None:
    for folder in ("runs", "data"):
        shutil.rmtree(free.path("results", folder))
    cell = "lr0.003_wd0.1_seed0"
    result = free.plan("--", f"results/runs/{REFINED}{cell}.json")
    assert result.jobs == {"prepare_data": 1, "train_cell": 2}
    assert result.cells == {FIRST + cell, REFINED + cell}
    # The base cell is a valid target too.
    assert free.plan("--", f"results/runs/{FIRST}{cell}.json").cells == {FIRST + cell}


def test_another_base_makes_the_refined_anew(free: Project) -> None:
    recipe(free, "first")["label_noise"]["fraction"] = 0.1
    assert free.plan("--", "results/runs.csv").cells == set(free.records())


def test_a_knob_of_the_refined_leaves_the_base(free: Project) -> None:
    recipe(free, "refined")["schedule"]["filter_width"] = 0.2
    assert free.plan("--", "results/runs.csv").cells == {cell for cell in free.records() if cell.startswith(REFINED)}


def test_a_base_record_that_is_gone_is_not_missed_until_it_is_needed(free: Project) -> None:
    kept, torn = free.records()[FIRST + "lr0.003_wd0.1_seed0"], free.records()[FIRST + "lr0.003_wd1_seed0"]
    kept.unlink()
    torn.write_text(torn.read_text()[:-20])
    assert not free.plan("--", "results/runs.csv").cells
    assert torn.with_name(torn.name + ".torn").exists()
    free.records()[REFINED + "lr0.003_wd0.1_seed0"].unlink()
    assert free.plan("--", "results/runs.csv").cells == {
        FIRST + "lr0.003_wd0.1_seed0",
        REFINED + "lr0.003_wd0.1_seed0",
    }


def test_a_base_in_the_study_itself_is_one_cell(free: Project) -> None:
    free.extra["studies"]["tiny"]["recipes"] = ["first", "refined"]
    result = free.plan("--", "results/runs.csv")
    assert not result.cells
    assert {"collect", "runs"} <= set(result.jobs)
