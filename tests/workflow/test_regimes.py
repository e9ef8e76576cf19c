"""A long-tailed training that saves its weights and a fine-tuning that starts from them, with the real rules."""

import json
from typing import Any

from projects import Project

TAIL = {"fraction": 1, "imbalance": 6, "seed": 0}


def regimes(project: Project, **tuned: Any) -> None:
    """Add recipes to those of the tiny study: one with a long tail, two for fine-tuning."""
    recipes, study = project.extra["recipes"], project.extra["studies"]["tiny"]
    recipes["tail"] = {**recipes["tiny"], "batch_size": 20, "subsample": TAIL, "save_weights": True}
    recipes["tuned"] = {**recipes["tiny"], **tuned}
    recipes["clean"] = {**recipes["tiny"], "label_noise": {"fraction": 0, "seed": 0}, "start_from": {"recipe": "tail"}}
    study |= {"architectures": ["resnet_digits"], "grid": {"lr": [0.003], "wd": [0.1]}, "recipes": ["tail"]}
    study["on_ratio"]["kappas"] = []


def test_a_long_tail_and_a_fine_tuning(project: Project) -> None:
    weights = "results/weights/digits/resnet_digits/tail/lr0.003_wd0.1_seed0.pt"
    regimes(project, start_from={"weights": weights})
    # The cells that provide initial weights are trained first, although the study does not contain them.
    project.extra["studies"]["tiny"]["recipes"] = ["clean"]
    project.ok("--", "train")
    records = {cell.split("/")[2]: json.loads(path.read_text()) for cell, path in project.records().items()}
    tail = records["tail"]
    assert records["clean"]["start_sha256"] == tail["weights_sha256"]
    # 30 images of each digit, reduced by a factor of up to 6 from the first to the last digit.
    assert tail["train_size"] == sum(int(30 * 6 ** (-label / 9) + 1e-9) for label in range(10))
    assert tail["steps_per_epoch"] == tail["train_size"] // 20

    project.extra["studies"]["tiny"]["recipes"] = ["tail", "tuned"]
    project.ok("--", "train", "results/runs.csv")
    assert f",{tail['train_size']}," in project.read("results/runs.csv")
    records = {cell.split("/")[2]: json.loads(path.read_text()) for cell, path in project.records().items()}
    assert records["tuned"]["start_sha256"] == tail["weights_sha256"]
    assert records["tail"] == tail

    # Moving the weights file does not retrain; changing the weights does.
    project.path("moved.pt").write_bytes(project.path(weights).read_bytes())
    project.extra["recipes"]["tuned"]["start_from"] = {"weights": "moved.pt"}
    assert not project.plan("--", "train").cells
    content = project.path("moved.pt").read_bytes()
    project.path("moved.pt").write_bytes(content + b"\n")
    assert project.plan("--", "train").cells == {"digits/resnet_digits/tuned/lr0.003_wd0.1_seed0"}
    project.path("moved.pt").write_bytes(content[:1000])
    result = project.run("-n", "--cores", "1", "--", "train")
    assert result.rc != 0
    assert "moved.pt: cannot be read as weights" in result.text
