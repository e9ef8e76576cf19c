"""What a person can put right is said in one line."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lrwd.errors import ConfigError, DataError
from lrwd.session.refuse import check_imported, check_packages, check_targets, one_line
from lrwd.study.load import load_study


@dataclass(frozen=True)
class Rule:
    """What ``check_targets`` uses of Snakemake's rules."""

    name: str
    docstring: str | None
    files: tuple[str, ...] = ()

    def is_producer(self, file: str) -> bool:
        return file in self.files

    def products(self) -> tuple[str, ...]:
        return self.files


RULES = (
    Rule("verdict", "The verdict.", ("results/verdict.md", "results/verdict.html")),
    Rule("table_ridge", None, ("results/tables/ridge.csv",)),
    Rule("train_cell", None, ("results/runs/{cell}.json",)),
)


@pytest.mark.parametrize("target", ["verdict", "results/verdict.md", "./results//verdict.md", "table_ridge"])
def test_targets_that_there_are(target: str) -> None:
    check_targets([target], RULES, "mine")


@pytest.mark.parametrize(
    ("target", "near"),
    [
        ("verdit", "verdict"),
        ("results/tables/rigde.csv", "results/tables/ridge.csv"),
        ("results/verdict", "results/ver"),
    ],
)
def test_a_misspelt_target(target: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"no rule of study 'mine' makes '{target}'. Did you mean '{near}"):
        check_targets([target], RULES, "mine")


def test_a_target_like_none() -> None:
    with pytest.raises(ConfigError, match=r"makes 'xyz'. `snakemake --list` shows the names"):
        check_targets(["xyz"], RULES, "mine")


def test_an_existing_file_is_none_of_our_business() -> None:
    assert check_targets([__file__], RULES, "mine") == {}
    assert check_targets(["results/verdict.md", "verdict"], RULES, "mine") == {"results/verdict.md": RULES[0]}


def test_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    absent: set[str] = set()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else object())
    assert check_packages(False, True) is None
    absent.add("torch")
    warning = check_packages(False, True)
    assert warning is not None
    assert "lacks torch: nothing can be trained with it. Start with `python3 envs/run.py snakemake" in warning
    assert check_packages(False, False) is None
    absent.add("pandas")
    with pytest.raises(ConfigError, match=r"lacks the packages pandas. Start with"):
        check_packages(False, False)
    assert check_packages(True, True) is None


def test_runs_from_elsewhere_are_read_beforehand(config: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "sweep.csv"
    path.write_text("arch,dataset,lr,wd,test_top1\nnet,d,fast,0.1,0.5\n")
    mine = {"study": "mine", "studies": {"mine": {"runs": str(path)}}}
    with pytest.raises(DataError, match="lr is 'fast' in line 2"):
        check_imported(load_study(mine, "mine.yaml"), False)
    check_imported(load_study(mine, "mine.yaml"), True)
    check_imported(load_study(config, "config.yaml"), False)


def test_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped, one_line():
        raise DataError("sweep.csv: is empty")
    assert str(stopped.value) == "\nError: sweep.csv: is empty\n"
    with pytest.raises(KeyError), one_line():
        raise KeyError("a bug")
