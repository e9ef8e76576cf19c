"""Which rules rerun, and which do not, if code or files change."""

import json
import os
import shutil

from projects import NEEDED, Project

CELL = "digits/mixer_digits/tiny/lr0.003_wd0.1_seed0"
OTHER = "digits/resnet_digits/tiny/lr0.003_wd1_seed0"


def test_what_training_computes_reruns_all_cells(tiny_copy: Project) -> None:
    tiny_copy.edit("workflow/lrwd/train/build.py", "EVAL_BATCH_SIZE = 512", "EVAL_BATCH_SIZE = 256")
    assert tiny_copy.plan().cells == set(tiny_copy.records())


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
    path = tiny_copy.path("workflow/lrwd/figures/forest.py")
    path.write_text(path.read_text() + "\nNEW = 1\n")
    assert tiny_copy.plan().jobs == {"figure_forest": 1, "all": 1}


def test_a_moved_checkout_with_other_comments_trains_nothing(tiny_copy: Project) -> None:
    """As after `git pull` or a copy: all files get a new modification date, and comments change."""
    for name in ("train/cell.py", "models/mixer.py", "data/_prepare.py", "tables/table1.py", "figures/forest.py"):
        path = tiny_copy.path("workflow/lrwd", name)
        path.write_text(path.read_text() + "\n# A thought.\n")
    for name in NEEDED:
        for path in [tiny_copy.path(name), *tiny_copy.path(name).rglob("*")]:
            os.utime(path)
    moved = Project(tiny_copy.folder.rename(tiny_copy.folder.with_name("moved")), tiny_copy.extra)
    assert "Nothing to be done" in moved.plan().text
    # Without the profile, Snakemake also checks the modification dates of scripts.
    result = moved.run("-n", "--quiet", "reason", "--cores", "2")
    assert result.rc == 0, result.text
    assert not {"train_cell", "prepare_data"} & set(result.jobs)


def test_without_its_memory_snakemake_trains_nothing_again(tiny_copy: Project) -> None:
    """As after copying only the results, without the hidden folder with Snakemake's metadata."""
    shutil.rmtree(tiny_copy.path(".snakemake"))
    assert not tiny_copy.plan().cells


def test_a_record_that_is_torn_or_gone_is_trained_again(tiny_copy: Project) -> None:
    record, gone = tiny_copy.records()[CELL], tiny_copy.records()[OTHER]
    whole, runs = json.loads(record.read_text()), tiny_copy.read("results/runs.csv")
    before = tiny_copy.dates()
    record.write_bytes(record.read_bytes()[: record.stat().st_size // 2])
    gone.unlink()
    result = tiny_copy.ok("--", "results/runs.csv")
    assert f"{CELL}.json: not a whole record; set aside" in result.text
    assert result.cells == {CELL, OTHER}
    assert tiny_copy.path("results/runs.csv").stat().st_mtime > record.stat().st_mtime
    after = tiny_copy.dates()
    assert {cell for cell in before if before[cell] != after[cell]} == {CELL, OTHER}
    again = json.loads(record.read_text())
    assert {**again, "run": None} == {**whole, "run": None}
    assert tiny_copy.read("results/runs.csv") == runs
    assert record.with_name(record.name + ".torn").exists()


def test_a_record_deleted_from_a_study_with_a_line_is_trained_again(smoke_copy: Project) -> None:
    """The missing record of a grid cell or an on-ratio cell is detected although all tables exist."""
    for part in ("True,,", "False,"):
        row = next(row for row in smoke_copy.read("results/runs.csv").splitlines() if f",{part}" in row)
        dataset, arch, _, _, recipe, lr, wd, seed = row.split(",")[:8]
        cell = f"{dataset}/{arch}/{recipe}/lr{lr}_wd{wd.removesuffix('.0')}_seed{seed}"
        record = smoke_copy.records()[cell]
        content = record.read_text()
        record.unlink()
        # `all` needs this table, so it detects the missing record too.
        assert smoke_copy.plan("--", "results/tables/gap.csv").cells == {cell}
        record.write_text(content)
