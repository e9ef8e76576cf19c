"""A part is added by one file: an optimizer, a schedule, an architecture and a data set that nobody else knows of.

The files are in tests/new_parts; run.py there runs the tests that all parts share on them.
"""

import copy
import json
import shutil
from typing import Any

import pytest
from projects import ROOT, Project, new_project

from lrwd.study.defaults import with_defaults

STUDY: dict[str, Any] = {
    "study": "mine",
    "studies": {
        "mine": {
            "title": "Four files of my own",
            "datasets": ["stripes"],
            "architectures": ["linear"],
            "recipes": ["mine"],
            "grid": {"lr": [0.1], "wd": [0, 0.01]},
            "seeds": [0],
            "selection": {"split": "val", "epoch": "final"},
            "on_ratio": {"ratio": 1, "kappas": []},
        }
    },
    "datasets": {
        "stripes": {
            **{"source": "mine_stripes", "num_images": 20, "side": 5},
            **{"val_size": 20, "split_seed": 0, "mean": None, "std": None},
        }
    },
    "architectures": {"linear": {"label": "Linear", "kind": "mlp", "model": "mine_linear", "bias": True}},
}
RECIPE = {
    "epochs": 5,
    "batch_size": 20,
    "optimizer": {"name": "mine_signsgd", "threshold": 0.001},
    "schedule": {"name": "mine_power", "power": 1.5},
    "label_noise": {"fraction": 0, "seed": 0},
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the repository with four files more, and a configuration that names them."""
    short = with_defaults({})["recipes"]["short"]
    project = new_project(tmp_path_factory.mktemp("parts") / "project", {**STUDY, "recipes": {"mine": short | RECIPE}})
    parts = [path for path in (ROOT / "tests/new_parts").glob("*/*.py") if path.stem.startswith("mine_")]
    assert len(parts) == 4
    for part in parts:
        path = project.path("workflow", "lrwd", part.parent.name, part.name)
        assert not path.exists()
        shutil.copy(part, path)
    return project


def test_trains_through_snakemake_with_new_files(extended: Project) -> None:
    extended.ok("--", "train", timeout=300)
    records = {cell: json.loads(path.read_text()) for cell, path in extended.records().items()}
    assert sorted(records) == [f"stripes/linear/mine/lr0.1_wd{wd}_seed0" for wd in ("0.01", "0")]
    for record in records.values():
        assert record["status"] == "ok"
        assert record["metrics"]["final"]["test_top1"] > 0.9  # chance is 0.2
        last = record["history"][-1]
        assert last["lr_t"] == pytest.approx(0.1 * (1 / 20) ** 1.5)
        spec = record["spec"]
        assert spec["recipe"]["optimizer"] == {"name": "mine_signsgd", "threshold": 0.001}
        assert (spec["arch"]["model"], spec["dataset"]["source"]) == ("mine_linear", "mine_stripes")
    with_decay, without = (records[f"stripes/linear/mine/lr0.1_wd{wd}_seed0"] for wd in ("0.01", "0"))
    assert with_decay["history"][-1]["weight_rms"] < without["history"][-1]["weight_rms"]


def test_a_wrong_knob_of_a_new_file_is_refused_before_training(extended: Project) -> None:
    wrong = copy.deepcopy(extended.extra)
    wrong["recipes"]["mine"]["optimizer"]["threshold"] = -1
    result = Project(extended.folder, wrong).run("-n", "--", "train")
    assert result.rc != 0
    assert "recipes.mine.optimizer: threshold: -1.0 is negative" in result.text
