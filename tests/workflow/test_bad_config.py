"""A bad configuration ends before any training, and the message names file, key, value and what is allowed."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import PROFILE, Project, copied
from refusals import Config, into, refused

TINY = "studies/tiny/"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (into("seed", 1), ["top level: unknown key 'seed'. Allowed: study, results"]),
        (into("recipes/tiny/epoch", 1), ["recipes.tiny: unknown key 'epoch'. Allowed: epochs"]),
        (into("study", "tinny"), ["study: Unknown study 'tinny'. Available: ", "cifar100_wide, "]),
        (into(TINY + "datasets", ["digit"]), ["studies.tiny.datasets: Unknown data set 'digit'. Available: digits"]),
        (
            into(TINY + "architectures", ["resnet"]),
            ["architectures: Unknown architecture 'resnet'. Available: resnet_"],
        ),
        (into(TINY + "recipes", ["shrt"]), ["studies.tiny.recipes: Unknown recipe 'shrt'. Available: tiny, short"]),
        (
            into("recipes/tiny/schedule/name", "cosin"),
            ["recipes.tiny.schedule.name: Unknown schedule 'cosin'. Available: ", "cosine"],
        ),
        (into(TINY + "grid/lr", [-0.1]), ["studies.tiny.grid.lr: -0.1 is not allowed; values must be > 0"]),
        (into(TINY + "grid/wd", [-1]), ["studies.tiny.grid.wd: -1 is not allowed; values must be >= 0"]),
        (into(TINY + "grid/lr", ["fast"]), ["studies.tiny.grid.lr: 'fast' is not a number"]),
        (into(TINY + "grid/wd", [float("inf")]), ["studies.tiny.grid.wd: inf is not a number"]),
        (
            into(TINY + "grid/lr", ["1e-3", 0.001]),
            ["studies.tiny.grid.lr: 0.001 appears more than once (also as '1e-3')"],
        ),
        (into(TINY + "seeds", [0, 1, 0]), ["studies.tiny.seeds: 0 appears more than once"]),
        (into(TINY + "seeds", []), ["studies.tiny.seeds: the list is empty; give at least one value"]),
        (into(TINY + "grid/wd", []), ["studies.tiny.grid.wd: the list is empty; give at least one value"]),
        (into(TINY + "on_ratio/ratio", "guessed"), ["studies.tiny.on_ratio.ratio", "'guessed'", "'estimated'"]),
    ],
    ids=lambda value: "" if callable(value) else value[0][:40],
)
def test_configuration(place: Project, change: Callable[[Config], Any], says: list[str]) -> None:
    text = refused(place, change, "extra.yaml", *says)
    assert "\nTraceback" not in text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            into("architectures/mixer_digits/patchsize", 4),
            "architectures.mixer_digits on data set digits: unknown key 'patchsize'. Allowed: patch_size",
        ),
        (
            into("architectures/resnet50_px32/timm_name", "resnet51"),
            "architectures.resnet50_px32 on data set digits: Unknown timm model 'resnet51'. Close: ",
        ),
        (
            into("recipes/tiny/augment/mlp", [{"name": "crop", "padding": 1}]),
            "recipes.tiny.augment.mlp: key 'probability' is missing. Needed: ",
        ),
    ],
    ids=["unknown key", "timm name", "augmentation"],
)
def test_parts_are_built_before_anything_is_trained(place: Project, change: Callable[[Config], Any], says: str) -> None:
    def change_and_name(config: Config) -> None:
        config["studies"]["tiny"]["architectures"] = ["mixer_digits", "resnet50_px32"]
        change(config)

    refused(place, change_and_name, says)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("digits/resnet_digits/tiny/lr0.003_wd0.2_seed0", "wd 0.2. Allowed at this lr: 0.1, 1, and kappa * rho * lr"),
        ("digits/resnet_digits/tiny/lr0.004_wd0.1_seed0", "lr 0.004. Allowed: 0.003, 1e+30"),
        ("digits/resnet_digits/tiny/lr0.003_wd0.1_seed7", "seed 7. Allowed: 0"),
        ("digits/resnet_digits/tiny/lr3e-3_wd0.1_seed0", "write lr3e-3 as lr0.003"),
        ("digits/resnt_digits/tiny/lr0.003_wd0.1_seed0", "'resnt_digits'. Allowed: resnet_digits, mixer_digits"),
    ],
)
def test_a_cell_off_the_grid(place: Project, cell: str, says: str) -> None:
    refused(place, lambda config: None, "not a cell of study 'tiny': ", says, target=f"results/runs/{cell}.json")


def test_another_directory_is_an_error_not_an_empty_study(place: Project, tmp_path: Path) -> None:
    result = place.run(*PROFILE, "--directory", str(tmp_path), "-n")
    assert result.rc != 0


def test_a_read_only_folder(untrained: Project, tmp_path: Path) -> None:
    """Refused before anything is done; and, when that is mended, trained."""
    place, folder = copied(untrained, tmp_path / "project"), tmp_path / "kept"
    folder.mkdir()
    root = os.geteuid() == 0  # to whom modes are nothing
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
