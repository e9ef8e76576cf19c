"""The target `theory`: trains its own studies, whatever study is configured, and leaves `all` alone."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from projects import Project, copied, new_project

from lrwd import registry
from lrwd.study.defaults import with_defaults

CONFIG = with_defaults({})
TABLES, FIGURES = registry.names("theory/tables"), registry.names("theory/figures")


def small() -> dict[str, Any]:
    """The theory's studies with few cells, and tables with small knobs."""
    grids = {
        "memory": {"grid": {"lr": [0.003], "wd": [0, 10]}, "seeds": [0, 1]},
        "memory_schedules": {"recipes": ["once", "once_equal_weight"], "seeds": [0, 1]},
        "order": {"recipes": ["once", "early", "late"], "seeds": [0, 1]},
        "weight_rms": {"architectures": ["mixer_digits"], "grid": {"lr": [0.003], "wd": [0, 30]}, "seeds": [0, 1]},
    }
    return {
        "study": "smoke",
        "studies": {name: {**CONFIG["studies"][name], **grid} for name, grid in grids.items()},
        "datasets": {"digits_once": {"test_size": 1497}},
        "recipes": {"steady": {"epochs": 4, "eval_every": 4}},
    }


# Cells of the studies above: the shuffled ones of a constant rate, which two studies have, are counted once.
NUM_CELLS = 2 * 2 + 2 * 2 + 2 * 2 + 2 * 2
NUM_STEPS = 75
MINE = ("memory_period", "memory_curve", "memory_schedules", "order", "weight_rms", "weight_rms_path", "equal_weight")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the tables and figures of post 000, at a small size."""
    project = new_project(tmp_path_factory.mktemp("theory") / "project", small())
    tables = [f"results/theory/tables/{name}.csv" for name in MINE]
    figures = [f"results/theory/figures/{name}.png" for name in FIGURES if set(needs(name)) <= set(MINE)]
    project.ok("--", *tables, *figures, timeout=580)
    return project


def needs(figure: str) -> tuple[str, ...]:
    return registry.part("theory/figures", figure).TABLES


def test_nothing_of_the_configured_study_is_trained(made: Project) -> None:
    assert len(made.records()) == NUM_CELLS
    assert {cell.split("/")[2] for cell in made.records()} == {
        *("once", "once_equal_weight", "early", "late", "steady")
    }
    assert not made.path("results", "runs.csv").exists()
    planned = made.plan("--", "train").cells
    assert planned
    assert all("/smoke/" in cell for cell in planned)


def test_tables_hold_what_the_records_say(made: Project) -> None:
    read = {name: pd.read_csv(made.path("results", "theory", "tables", f"{name}.csv")) for name in MINE}
    periods = read["memory_period"]
    assert len(periods) == 4  # two decays, two recipes at another; "once" with wd 1 is no cell of the study memory here
    assert (periods["num_steps"] == NUM_STEPS).all()
    assert set(read["memory_curve"]["recipe"]) == {"once", "once_equal_weight"}
    assert len(read["memory_schedules"]) == 20
    assert read["memory_schedules"].groupby("recipe")["weight_share"].sum().to_numpy() == pytest.approx(1.0, abs=1e-4)
    assert set(read["order"]["order"]) == {"shuffled", "clean_first", "clean_last"}
    assert read["order"]["test_top1_pct"].between(0, 100).all()
    assert read["weight_rms"]["measured"].gt(0).all()
    for name in FIGURES:
        if set(needs(name)) <= set(MINE):
            assert made.path("results", "theory", "figures", f"{name}.png").stat().st_size > 10_000


def test_records_that_are_gone_are_made_anew(made: Project, tmp_path: Path) -> None:
    target = "results/theory/tables/weight_rms.csv"
    project = copied(made, tmp_path / "project")
    assert "Nothing to be done" in project.plan("--", target).text
    first, second, *_ = (path for cell, path in project.records().items() if "/steady/" in cell)
    first.unlink()
    second.write_bytes(second.read_bytes()[:1000])
    assert project.plan("--", target).jobs["train_cell"] == 2
    assert second.with_name(second.name + ".torn").exists()


def test_a_knob_concerns_its_table_alone(made: Project) -> None:
    project = Project(made.folder, {**made.extra, "theory": {"tables": {"equal_weight": {"num_steps": 50}}}})
    planned = project.plan("--", *(f"results/theory/tables/{name}.csv" for name in MINE)).jobs
    assert planned == {"theory_table_equal_weight": 1}


def test_the_whole_target_is_planned(project: Project) -> None:
    result = project.plan("--", "theory")
    made = {name: count for name, count in result.jobs.items() if name.startswith("theory")}
    studies = len(CONFIG["theory"]["studies"])
    expected = {f"theory_table_{name}": 1 for name in TABLES} | {f"theory_figure_{name}": 1 for name in FIGURES}
    assert made == {**expected, "theory_records": studies, "theory_page": 1, "theory": 1}
    assert "estimate_ratio" not in result.jobs
