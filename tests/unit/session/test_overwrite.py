"""A study of the user's own says that it replaces the tables and figures of another one."""

import dataclasses
from pathlib import Path

import pytest

from lrwd.session.overwrite import overwrite_notice
from lrwd.study.load import load_study
from lrwd.study.study import Study


@pytest.fixture
def own(config: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "tables").mkdir(parents=True)
    (tmp_path / "results" / "tables" / "table1.csv").write_text("x\n")
    return dataclasses.replace(load_study(config, "config.yaml"), name="mine", results="results")


def test_it_says_so_once(own: Study) -> None:
    notice = overwrite_notice(own)
    assert notice is not None
    assert "replace those of another study in results/" in notice
    assert "`results: results/mine` in your configuration" in notice
    Path("results/studies/mine").mkdir(parents=True)
    assert overwrite_notice(own) == notice
    Path("results/studies/mine/runs.csv").write_text("x\n")
    assert overwrite_notice(own) is None


def test_nothing_is_replaced(own: Study) -> None:
    assert overwrite_notice(dataclasses.replace(own, results="results/mine")) is None
    assert overwrite_notice(dataclasses.replace(own, name="demo")) is None
    Path("results/tables/table1.csv").unlink()
    assert overwrite_notice(own) is None
