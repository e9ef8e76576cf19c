"""The stamp that tells Snakemake of missing records."""

import os
from pathlib import Path

import pytest

from lrwd.runs.missing import note_missing


@pytest.fixture
def records(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


def date(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_the_first_time_there_is_a_stamp(records: list[str], tmp_path: Path) -> None:
    note_missing(records, tmp_path / "studies" / "stamp", tmp_path / "runs.csv")
    assert (tmp_path / "studies" / "stamp").exists()


def test_it_stays_while_no_record_is_missing(records: list[str], tmp_path: Path) -> None:
    stamp, runs = tmp_path / "stamp", tmp_path / "runs.csv"
    stamp.write_text("old")
    runs.touch()
    date(stamp, 1000)
    note_missing(records, stamp, runs)
    assert stamp.read_text() == "old"


def test_a_missing_record_makes_it_newer_than_the_runs_once(records: list[str], tmp_path: Path) -> None:
    stamp, runs = tmp_path / "stamp", tmp_path / "runs.csv"
    stamp.write_text("old")
    runs.touch()
    date(stamp, 1000)
    date(runs, 2000)
    Path(records[0]).unlink()
    note_missing(records, stamp, runs)
    # Another content, as a file that is newer but the same would not count as changed.
    first = stamp.read_text()
    assert first != "old"
    assert stamp.stat().st_mtime > 2000
    note_missing(records, stamp, runs)
    assert stamp.read_text() == first


def test_while_the_study_is_not_trained_yet_it_stays(records: list[str], tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("old")
    Path(records[0]).unlink()
    note_missing(records, stamp, tmp_path / "runs.csv")
    assert stamp.read_text() == "old"
