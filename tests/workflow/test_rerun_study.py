"""What reruns, and what does not, when config.yaml changes."""

import json
from typing import Any

from projects import Project

CELL = "digits/mixer_digits/tiny/lr0.003_wd0.1_seed0"
# Rules whose names begin with these rerun if the runs table changes.
AFTER_RUNS = ("table_", "figure_", "verdict", "all", "runs")


def study(project: Project) -> dict[str, Any]:
    """The tiny study's configuration, for modification."""
    return project.extra["studies"]["tiny"]


def recipe(project: Project) -> dict[str, Any]:
    """The tiny study's recipe, for modification."""
    return project.extra["recipes"]["tiny"]


def rerun_only_after(project: Project, *first: str) -> None:
    """Check that only these rules and those that depend on the runs table are planned."""
    jobs = project.plan().jobs
    assert set(first) <= set(jobs)
    assert not [rule for rule in jobs if rule not in first and not rule.startswith(AFTER_RUNS)]
    assert {"table_table1", "figure_heatmap", "runs"} <= set(jobs)


def test_forcing_a_cell_reruns_that_cell_alone(tiny_copy: Project) -> None:
    before = tiny_copy.dates()
    content = json.loads(tiny_copy.records()[CELL].read_text())["weights_sha256"]
    assert tiny_copy.ok("--force", "--", f"results/runs/{CELL}.json").cells == {CELL}
    after = tiny_copy.dates()
    assert {cell for cell in before if before[cell] != after[cell]} == {CELL}
    assert json.loads(tiny_copy.records()[CELL].read_text())["weights_sha256"] == content


def test_a_new_learning_rate_and_a_new_seed_add_their_cells_only(tiny_copy: Project) -> None:
    study(tiny_copy)["grid"]["lr"].append(0.03)
    study(tiny_copy)["seeds"] = [0, 1]
    planned = tiny_copy.plan().cells
    of_the_seed = {cell for cell in planned if "/lr0.03_" not in cell}
    assert of_the_seed == {cell.replace("seed0", "seed1") for cell in tiny_copy.records()}
    assert len(planned - of_the_seed) == 2 * 6  # two seeds; two networks; two wd on the grid and one on-ratio


def test_another_spelling_of_a_number_is_the_same_cell(tiny_copy: Project) -> None:
    study(tiny_copy)["grid"]["lr"] = ["3e-3", "10e29"]
    assert not tiny_copy.plan().cells


def test_a_knob_of_a_recipe_reruns_its_cells(tiny_copy: Project) -> None:
    recipe(tiny_copy)["label_noise"]["fraction"] = 0.2
    assert tiny_copy.plan().cells == set(tiny_copy.records())


def test_a_knob_of_another_recipe_reruns_nothing(tiny_copy: Project) -> None:
    tiny_copy.extra |= {"recipes": {**tiny_copy.extra["recipes"], "short": {"epochs": 99}}}
    assert "Nothing to be done" in tiny_copy.plan().text


def test_a_label_and_the_selection_retrain_nothing_but_make_the_tables_anew(tiny_copy: Project) -> None:
    study(tiny_copy)["selection"] = {"split": "test", "epoch": "best"}
    tiny_copy.edit(
        "config/architectures.yaml", "mixer_digits:\n    {label: MLP-Mixer,", "mixer_digits:\n    {label: Mixer,"
    )
    rerun_only_after(tiny_copy, "collect")
    tiny_copy.ok("--", "results/tables/table1.csv")
    assert ",Mixer," in tiny_copy.read("results/tables/table1.csv")


def test_a_seed_taken_away_leaves_the_records_but_not_the_rows(tiny_copy: Project) -> None:
    study(tiny_copy)["grid"]["wd"] = [0.1]
    rerun_only_after(tiny_copy, "collect")
    tiny_copy.ok("--", "results/runs.csv")
    assert len(tiny_copy.read("results/runs.csv").splitlines()) == 1 + 4 + 4
    assert len(tiny_copy.records()) == 12


def test_another_study_shares_the_cells_and_makes_the_tables_anew(tiny_copy: Project) -> None:
    smaller = {**study(tiny_copy), "architectures": ["mixer_digits"]}
    tiny_copy.extra["studies"]["smaller"] = smaller
    tiny_copy.extra["study"] = "smaller"
    rerun_only_after(tiny_copy, "collect")
    tiny_copy.ok("--", "results/tables/table1.csv")
    assert "ResNet" not in tiny_copy.read("results/tables/table1.csv")
    # Back to the first study: its records and runs still exist.
    tiny_copy.extra["study"] = "tiny"
    rerun_only_after(tiny_copy)
    tiny_copy.ok("--", "results/tables/table1.csv")
    assert "ResNet" in tiny_copy.read("results/tables/table1.csv")
