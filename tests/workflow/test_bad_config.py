"""A bad configuration stops Snakemake before any training: one start for each way in which errors are reported.

The rejected values and the messages are tested in tests/unit/study and tests/unit/execution/test_preflight.py.
"""

import os
import subprocess
from pathlib import Path

import pytest
from projects import PROFILE, Project, copied
from refusals import Config, into, refused


def test_a_key_that_there_is_not(place: Project) -> None:
    """The schema check reports all problems at once, with the name of the user's file."""

    def change(config: Config) -> None:
        into("seed", 1)(config)
        into("recipes/tiny/epoch", 1)(config)

    says = ["top level: unknown key 'seed'. Allowed: study, results", "recipes.tiny: unknown key 'epoch'. Allowed: ep"]
    assert "\nTraceback" not in refused(place, change, "extra.yaml", *says)


def test_a_part_that_cannot_be_built(place: Project) -> None:
    """The preflight process builds every part before any training."""

    def change(config: Config) -> None:
        config["studies"]["tiny"]["architectures"] = ["mixer_digits", "resnet50_px32"]
        into("architectures/resnet50_px32/timm_name", "resnet51")(config)

    refused(place, change, "architectures.resnet50_px32 on data set digits: Unknown timm model 'resnet51'. Close: ")


def test_a_cell_off_the_grid(place: Project) -> None:
    cell = "digits/resnet_digits/tiny/lr0.003_wd0.2_seed0"
    says = "not a cell of study 'tiny': ", "wd 0.2. Allowed at this lr: 0.1, 1, and kappa * rho * lr"
    refused(place, lambda config: None, *says, target=f"results/runs/{cell}.json")


def test_a_target_that_there_is_not(place: Project) -> None:
    refused(place, lambda config: None, "results/tables/tabel1.csv", target="results/tables/tabel1.csv")


def test_a_nested_value_on_the_command_line(place: Project) -> None:
    """Snakemake reads the value as text; docs/usage.md lists the message."""
    result = place.run(*PROFILE, "--config", "execution={'warm_start': false}", "-n")
    assert result.rc != 0
    assert "execution.warm_start: 'false' is not of type 'boolean'" in result.text


def test_another_directory_has_the_same_study(place: Project, tmp_path: Path) -> None:
    result = place.run(*PROFILE, "--directory", str(tmp_path), "-n", "--quiet", "reason")
    assert result.rc == 0, result.text
    assert result.jobs["train_cell"] == 12
    assert (tmp_path / "results" / "checked").exists()


def test_a_read_only_folder(untrained: Project, tmp_path: Path) -> None:
    """Rejected before anything is done; trained once the folder is writable."""
    place, folder = copied(untrained, tmp_path / "project"), tmp_path / "kept"
    folder.mkdir()
    root = os.geteuid() == 0  # root ignores file modes
    if root:
        mounting = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder], check=False, timeout=20)
        if mounting.returncode:
            pytest.skip("this root may not mount anything")
    else:
        folder.chmod(0o555)
    try:
        refused(place, into("results", str(folder)), f"results: '{folder}' cannot be written: {folder} is read-only")
        if root:
            subprocess.run(["mount", "-o", "remount,rw", folder], check=True, timeout=20)
        else:
            folder.chmod(0o755)
        place.extra["results"] = str(folder)
        place.ok(*PROFILE, "--", f"{folder}/runs/digits/mixer_digits/tiny/lr0.003_wd1_seed0.json")
    finally:
        if root:
            subprocess.run(["umount", "-l", folder], check=True, timeout=20)
