"""What reruns, and what does not, after a change: of the study, of the code, of the files."""

import json
import os
import shutil
from typing import Any

import pytest
from conftest import PROFILE, Project

CELL = "digits/mixer_digits/tiny/lr0.003_wd0.1_seed0"
# Whose names begin with these are redone when the runs table changes.
AFTER_RUNS = ("table_", "figure_", "all", "runs")


def study(project: Project) -> dict[str, Any]:
    """The tiny study's configuration, to be changed."""
    assert project.extra is not None
    return project.extra["studies"]["tiny"]


def recipe(project: Project) -> dict[str, Any]:
    """The tiny study's recipe, to be changed."""
    assert project.extra is not None
    return project.extra["recipes"]["tiny"]


def dates(project: Project) -> dict[str, int]:
    """When each record was written."""
    return {cell: path.stat().st_mtime_ns for cell, path in project.records().items()}


def rerun_only_after(project: Project, *first: str) -> None:
    """Only these rules are planned, and what follows from the table of runs."""
    jobs = project.plan().jobs
    assert set(first) <= set(jobs)
    assert not [rule for rule in jobs if rule not in first and not rule.startswith(AFTER_RUNS)]
    assert {"table_table1", "figure_heatmap", "runs"} <= set(jobs)


def test_forcing_a_cell_reruns_that_cell_alone(tiny_copy: Project) -> None:
    before = dates(tiny_copy)
    content = json.loads(tiny_copy.records()[CELL].read_text())["weights_sha256"]
    assert tiny_copy.ok("--force", "--", f"results/runs/{CELL}.json").cells == {CELL}
    after = dates(tiny_copy)
    assert {cell for cell in before if before[cell] != after[cell]} == {CELL}
    assert json.loads(tiny_copy.records()[CELL].read_text())["weights_sha256"] == content


def test_a_new_seed_adds_its_cells_only(tiny_copy: Project) -> None:
    study(tiny_copy)["seeds"] = [0, 1]
    assert tiny_copy.plan().cells == {cell.replace("seed0", "seed1") for cell in tiny_copy.records()}


def test_a_new_learning_rate_adds_its_cells_only(tiny_copy: Project) -> None:
    study(tiny_copy)["grid"]["lr"].append(0.03)
    planned = tiny_copy.plan().cells
    assert len(planned) == 6  # two networks, two wd and one on the line
    assert all("/lr0.03_" in cell for cell in planned)


def test_another_spelling_of_a_number_is_the_same_cell(tiny_copy: Project) -> None:
    study(tiny_copy)["grid"]["lr"] = ["3e-3", "1e-2"]
    assert not tiny_copy.plan().cells


def test_a_knob_of_a_recipe_reruns_its_cells(tiny_copy: Project) -> None:
    recipe(tiny_copy)["label_noise"]["fraction"] = 0.2
    assert tiny_copy.plan().cells == set(tiny_copy.records())


def test_a_knob_of_another_recipe_reruns_nothing(tiny_copy: Project) -> None:
    tiny_copy.extra |= {"recipes": {**tiny_copy.extra["recipes"], "short": {"epochs": 99}}}  # type: ignore[operator]
    assert "Nothing to be done" in tiny_copy.plan().text


def test_a_networks_knob_reruns_that_networks_cells(tiny_copy: Project) -> None:
    tiny_copy.edit("config.yaml", "num_blocks: 2, embed_dim: 48", "num_blocks: 1, embed_dim: 48")
    assert tiny_copy.plan().cells == {cell for cell in tiny_copy.records() if "mixer_digits" in cell}


def test_one_kinds_augmentation_reruns_that_kinds_cells(tiny_copy: Project) -> None:
    recipe(tiny_copy)["augment"]["mlp"] = []
    assert tiny_copy.plan().cells == {cell for cell in tiny_copy.records() if "mixer_digits" in cell}


def test_selection_retrains_nothing_but_makes_the_tables_anew(tiny_copy: Project) -> None:
    study(tiny_copy)["selection"] = {"split": "test", "epoch": "best"}
    rerun_only_after(tiny_copy, "collect")


def test_a_label_retrains_nothing_but_makes_the_tables_anew(tiny_copy: Project) -> None:
    tiny_copy.edit("config.yaml", "mixer_digits:\n    {label: MLP-Mixer,", "mixer_digits:\n    {label: Mixer,")
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
    assert tiny_copy.extra is not None
    smaller = {**study(tiny_copy), "architectures": ["mixer_digits"]}
    tiny_copy.extra["studies"]["smaller"] = smaller
    tiny_copy.extra["study"] = "smaller"
    rerun_only_after(tiny_copy, "collect")
    tiny_copy.ok("--", "results/tables/table1.csv")
    assert "ResNet" not in tiny_copy.read("results/tables/table1.csv")
    # And back: the records and the first study's runs are still there.
    tiny_copy.extra["study"] = "tiny"
    rerun_only_after(tiny_copy)
    tiny_copy.ok("--", "results/tables/table1.csv")
    assert "ResNet" in tiny_copy.read("results/tables/table1.csv")


@pytest.mark.parametrize("name", ["train/cell.py", "models/mixer.py", "data/_prepare.py", "analysis/table1.py"])
def test_a_comment_in_the_code_reruns_nothing(tiny_copy: Project, name: str) -> None:
    path = tiny_copy.path("workflow/lrwd", name)
    path.write_text(path.read_text() + "\n# A thought.\n")
    assert "Nothing to be done" in tiny_copy.plan().text


def test_what_training_computes_reruns_all_cells(tiny_copy: Project) -> None:
    tiny_copy.edit("workflow/lrwd/train/build.py", "EVAL_BATCH_SIZE = 512", "EVAL_BATCH_SIZE = 256")
    assert tiny_copy.plan().cells == set(tiny_copy.records())


def test_a_networks_code_reruns_that_networks_cells(tiny_copy: Project) -> None:
    path = tiny_copy.path("workflow/lrwd/models/mixer.py")
    path.write_text(path.read_text() + "\nNEW = 1\n")
    assert tiny_copy.plan().cells == {cell for cell in tiny_copy.records() if "mixer_digits" in cell}


def test_what_preparation_does_prepares_anew(tiny_copy: Project) -> None:
    tiny_copy.edit("workflow/lrwd/data/digits.py", "255 / 16", "254 / 16")
    result = tiny_copy.plan()
    assert result.jobs["prepare_data"] == 1
    assert result.cells == set(tiny_copy.records())


def test_the_code_of_tables_makes_them_anew_and_trains_nothing(tiny_copy: Project) -> None:
    path = tiny_copy.path("workflow/lrwd/stats/ratio.py")
    path.write_text(path.read_text() + "\nNEW = 1\n")
    jobs = tiny_copy.plan().jobs
    assert "table_table1" in jobs
    assert not {"train_cell", "prepare_data"} & set(jobs)


def test_the_code_of_a_figure_makes_it_anew_and_no_other(tiny_copy: Project) -> None:
    path = tiny_copy.path("workflow/lrwd/plots/forest.py")
    path.write_text(path.read_text() + "\nNEW = 1\n")
    assert tiny_copy.plan().jobs == {"figure_forest": 1, "all": 1}


@pytest.mark.parametrize("options", [PROFILE, ("--cores", "2")])
def test_a_new_checkout_of_the_same_files_trains_nothing(tiny_copy: Project, options: tuple[str, ...]) -> None:
    """As `git pull` or a copy does it: every file of the repository gets today's date."""
    for name in ("Snakefile", "config.yaml", "workflow", "profiles", "envs"):
        for path in [tiny_copy.path(name), *tiny_copy.path(name).rglob("*")]:
            os.utime(path)
    result = tiny_copy.run("-n", "--quiet", "reason", *options)
    assert result.rc == 0, result.text
    assert not {"train_cell", "prepare_data"} & set(result.jobs)
    if options == PROFILE:
        assert "Nothing to be done" in result.text


def test_a_moved_project_trains_nothing(tiny_copy: Project) -> None:
    moved = tiny_copy.folder.with_name("moved")
    tiny_copy.folder.rename(moved)
    assert "Nothing to be done" in Project(moved, tiny_copy.extra).plan().text


def test_without_its_memory_snakemake_trains_nothing_again(tiny_copy: Project) -> None:
    """As after a copy of the results alone, without the hidden folder in which Snakemake keeps what it ran."""
    shutil.rmtree(tiny_copy.path(".snakemake"))
    assert not tiny_copy.plan().cells


def test_a_deleted_record_is_trained_again(tiny_copy: Project) -> None:
    tiny_copy.records()[CELL].unlink()
    result = tiny_copy.plan()
    assert result.cells == {CELL}
    assert "collect" in result.jobs


def test_a_torn_record_is_set_aside_and_trained_again(tiny_copy: Project) -> None:
    record = tiny_copy.records()[CELL]
    whole, runs = json.loads(record.read_text()), tiny_copy.read("results/runs.csv")
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    before = dates(tiny_copy)
    result = tiny_copy.ok("--", "results/runs.csv")
    assert f"{CELL}.json: not a whole record; set aside" in result.text
    assert result.cells == {CELL}
    after = dates(tiny_copy)
    assert {cell for cell in before if before[cell] != after[cell]} == {CELL}
    again = json.loads(record.read_text())
    assert {**again, "run": None} == {**whole, "run": None}
    assert tiny_copy.read("results/runs.csv") == runs
    assert record.with_name(record.name + ".torn").exists()


def test_a_record_deleted_from_a_study_with_a_line_is_trained_again(smoke_copy: Project) -> None:
    """Of the grid, on which the ratios rest, or of the line: found missing although every table is there."""
    for part in ("True,,", "False,"):
        row = next(row for row in smoke_copy.read("results/runs.csv").splitlines() if f",{part}" in row)
        dataset, arch, _, _, recipe, lr, wd, seed = row.split(",")[:8]
        cell = f"{dataset}/{arch}/{recipe}/lr{lr}_wd{wd.removesuffix('.0')}_seed{seed}"
        record = smoke_copy.records()[cell]
        content = record.read_text()
        record.unlink()
        assert smoke_copy.plan().cells == {cell}
        assert smoke_copy.plan("--", "results/tables/gap.csv").cells == {cell}
        record.write_text(content)
