"""Runs without a result: the study must say how they count, and the report says what follows."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sweeps import refusal, write

from lrwd.runs.external import import_runs
from lrwd.runs.external_failed import failed_lines
from lrwd.runs.external_states import states_of

HEAD = "arch,dataset,lr,wd,seed,state,test_top1"
ROWS = ("n,d,1,1,0,finished,60", "n,d,1,2,0,crashed,11", "n,d,1,3,0,finished,nan", "n,d,1,4,0,running,20")


def test_words_of_the_tools() -> None:
    words = pd.Series(["finished", "COMPLETE", "FINISHED", "TrialState.PRUNED", "FAIL", "killed", "RUNNING", "early"])
    expected = ["done", "done", "done", "pruned", "failed", "failed", "unfinished", "done"]
    assert states_of(words).tolist() == expected


def test_it_must_be_said(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, *ROWS, head=HEAD))
    assert "2 of 3 runs have failed or have no finite test_top1 (line 3, line 4)" in message
    assert "`failed: diverged`" in message
    assert "`failed: drop`" in message


def test_they_are_left_out(tmp_path: Path) -> None:
    runs, report = import_runs(write(tmp_path, *ROWS, head=HEAD, failed="drop"))
    assert runs["select_top1"].tolist() == [0.6]
    assert "Dropped: 2 without test_top1 (line 3, line 4)" in report
    assert "Dropped: 1 that are not finished (line 5)" in report
    (line,) = failed_lines(report)
    assert line.startswith("Failed runs: 2; they are left out")
    assert "no longer bound λ*" in line


def test_they_count_as_diverged(tmp_path: Path) -> None:
    study = write(tmp_path, *ROWS, head=HEAD, failed="diverged", constants=(("num_classes", "10"),))
    runs, report = import_runs(study)
    assert runs["select_top1"].tolist() == runs["report_top1"].tolist() == [0.6, 0.1, 0.1]
    assert runs["status"].tolist() == ["ok", "diverged", "diverged"]
    assert runs["status_given"].tolist() == ["finished", "crashed", "finished"]
    (line,) = failed_lines(report)
    assert "with the accuracy of chance" in line
    assert "`constants: {num_classes: 100}`" in refusal(write(tmp_path, *ROWS, head=HEAD, failed="diverged"))


@pytest.mark.parametrize(("direction", "worst"), [("min", 3.0), ("max", 2.0)])
def test_a_metric_has_its_worst_value(tmp_path: Path, direction: str, worst: float) -> None:
    rows = ("n,d,1,1,0,2", "n,d,1,2,0,3", "n,d,1,3,0,inf", "m,d,1,1,0,nan")
    settings = {"metric": "loss", "direction": direction, "failed": "diverged"}
    runs, report = import_runs(write(tmp_path, *rows, head="arch,dataset,lr,wd,seed,loss", **settings))
    assert runs["select_metric"].tolist() == [2.0, 3.0, worst, worst]
    assert runs["status"].tolist() == ["ok", "ok", "diverged", "diverged"]
    assert np.isnan(runs["select_top1"].to_numpy(float)).all()
    assert "the worst value of the metric" in report


def test_pruned_runs_are_left_out(tmp_path: Path) -> None:
    rows = ("n,d,1,1,0,COMPLETE,60", "n,d,1,2,0,PRUNED,11")
    runs, report = import_runs(write(tmp_path, *rows, head=HEAD))
    assert len(runs) == 1
    assert "1 that were pruned" in report
    assert "Pruned runs looked worse than others" in report
