"""How far the trainings are."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from lrwd.atomic import write_json_atomic, write_text_atomic
from lrwd.execution import progress
from lrwd.study.cell import Cell
from lrwd.study.load import load_study
from lrwd.study.paths import record_path
from lrwd.study.study import Study

GROUP = ("digits", "resnet_digits", "short")


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        ((0, 300, 0, 5.2), "--- 0 of 300 cells trained (0%), 0:00:05 so far"),
        # 60 cells in 120 s: 2 s a cell, and 200 to go. Those found at the start took no time now.
        ((100, 300, 60, 120.0), "--- 100 of 300 cells trained (33%), 0:02:00 so far, about 0:06:40 left"),
        ((300, 300, 60, 4000.0), "--- 300 of 300 cells trained (100%), 1:06:40 so far"),
    ],
)
def test_line(numbers: Any, line: str) -> None:
    assert progress.progress_line(*numbers) == line


@pytest.fixture
def study(config: dict[str, Any], tmp_path: Path) -> Study:
    config["results"] = str(tmp_path)
    config["studies"]["demo"] |= {
        "grid": {"lr": [0.001], "wd": [0.05, 0.4]},
        "seeds": [0],
        "architectures": ["resnet_digits"],
        "on_ratio": {"ratio": "estimated", "kappas": [1, 8]},
    }
    return load_study({**config, "study": "demo"}, "config.yaml")


def finish(study: Study, wd: float) -> None:
    write_text_atomic(record_path(study.results, Cell(*GROUP, 0.001, wd, 0)), "{}\n")


def test_follows_the_records_to_the_end(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "POLL_SEC", 0.005)
    monkeypatch.setattr(progress, "LINE_SEC", 0.0)
    ratios, seen = tmp_path / "ratios.json", ""

    def wait_for(words: str) -> None:
        nonlocal seen
        deadline = time.monotonic() + 20
        while words not in seen:
            assert time.monotonic() < deadline, (words, seen)
            time.sleep(0.005)
            seen += capsys.readouterr().err

    finish(study, 0.05)
    before = set(threading.enumerate())
    progress.report_progress(study, str(ratios))
    time.sleep(0.1)
    assert capsys.readouterr().err == ""  # nothing was trained yet, and perhaps nothing of this study will be
    finish(study, 0.4)
    # Two on the grid, two that wait for the ratio.
    wait_for("--- 2 of 4 cells trained (50%)")
    assert "left" in seen
    # wd = 8 * 50 * 0.001 is on the grid already.
    write_json_atomic(ratios, {"/".join(GROUP): 50.0})
    wait_for("--- 2 of 2 cells trained (100%)")
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive()


def test_says_nothing_when_all_is_done(study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_json_atomic(tmp_path / "ratios.json", {"/".join(GROUP): None})
    finish(study, 0.05)
    finish(study, 0.4)
    progress._follow(study, tmp_path / "ratios.json")
    assert capsys.readouterr().err == ""
