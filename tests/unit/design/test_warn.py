"""A study whose grid can hardly answer says so before anything is trained."""

from typing import Any

import pytest

from lrwd.design.warn import grid_warnings
from lrwd.study.load import load_study


def warnings_of(config: dict[str, Any], name: str = "demo", **grid: Any) -> list[str]:
    if grid:
        config["studies"][name]["grid"] = {"lr": [0.002, 0.005, 0.01, 0.02], **grid}
    return grid_warnings(load_study({**config, "study": name}, "mine.yaml"))


@pytest.mark.parametrize("name", ["demo", "paper_wide", "fashion"])
def test_grids_that_can_answer_are_not_warned_of(config: dict[str, Any], name: str) -> None:
    assert warnings_of(config, name) == []


def test_the_papers_own_grid_misses_the_published_ratio(config: dict[str, Any]) -> None:
    (line,) = warnings_of(config, "paper")
    assert line == (
        "study paper (cifar100/cifar100_paper, imagenet/imagenet_paper) can hardly show how wd must follow lr: the "
        "published optimum, wd = 0.1·lr, is below the lowest wd above 0 at 6 of 6 lr, so that it could not be seen. "
        "The target `design` simulates what it can show."
    )


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ({"lr": [0.01, 0.02], "wd": [0.1, 1, 10]}, "2 learning rates, where 3 must bracket their best wd (4 or more"),
        ({"lr": [0.01], "wd": [0.1, 1, 10]}, "1 learning rate, where 3 must"),
        ({"wd": [0, 1, 10]}, "fewer than 3 wd above 0 at 4 of 4 lr, so that none is bracketed there"),
        ({"wd": [1, 2, 5]}, "wd spans less than a factor of 10 at 4 of 4 lr"),
        ({"wd_over_lr": [1, 2, 5]}, "wd spans less than a factor of 10 at 4 of 4 lr"),
    ],
)
def test_reasons(config: dict[str, Any], grid: dict[str, Any], words: str) -> None:
    (line,) = warnings_of(config, **grid)
    assert words in line
    assert "\n" not in line


def test_three_learning_rates_and_a_decade_are_enough_not_to_be_warned(config: dict[str, Any]) -> None:
    assert warnings_of(config, lr=[0.005, 0.01, 0.02], wd=[1, 3, 10]) == []


def test_a_study_of_runs_from_elsewhere_has_no_grid_yet(config: dict[str, Any], tmp_path: Any) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("arch,dataset,lr,wd,seed,val_top1\na,d,0.1,0.1,0,0.5\n")
    config["studies"]["mine"] = {"runs": str(path)}
    assert grid_warnings(load_study({**config, "study": "mine"}, "mine.yaml")) == []
