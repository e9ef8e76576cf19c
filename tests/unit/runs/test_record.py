"""Records are believed only when whole."""

import json
from pathlib import Path
from typing import Any

import pytest

from lrwd.atomic import write_json_atomic
from lrwd.errors import RecordError
from lrwd.runs import record

RECORD = {"version": record.RECORD_VERSION, "status": "ok", "metrics": {"final": {"test_top1": 0.5}}, "history": []}


def write(path: Path, **changes: Any) -> Path:
    write_json_atomic(path, {**RECORD, **changes})
    return path


def test_no_beginning_of_a_record_looks_whole(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.json", run={"host": "x"}).read_bytes()
    part = tmp_path / "part.json"
    for length in range(len(whole)):
        part.write_bytes(whole[:length])
        assert not record.looks_whole(part), whole[:length][-20:]
    assert record.looks_whole(tmp_path / "whole.json")
    assert not record.looks_whole(tmp_path / "absent.json")


def test_torn_records_are_set_aside_and_others_left(tmp_path: Path) -> None:
    good, torn = write(tmp_path / "good.json"), write(tmp_path / "torn.json")
    content = torn.read_bytes()[:-3]
    torn.write_bytes(content)
    asked = [str(path) for path in (good, torn, tmp_path / "absent.json")]
    assert record.set_aside_torn(asked) == [str(torn)]
    assert not torn.exists()
    assert Path(f"{torn}.torn").read_bytes() == content  # nothing is lost
    assert record.read_record(good) == RECORD


@pytest.mark.parametrize("content", ["", '{"version": 1, "sta', "[1, 2]\n", "null\n", "\x00\x01"])
def test_what_is_no_record_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(RecordError, match=r"a\.json: not a (whole )?record"):
        record.read_record(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordError, match="not a whole record"):
        record.read_record(tmp_path / "a.json")


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=f"not a record of version {record.RECORD_VERSION}"):
        record.read_record(write(tmp_path / "a.json", version=record.RECORD_VERSION + 1))


@pytest.mark.parametrize("status", ["done", None])
def test_an_unknown_status_is_refused(tmp_path: Path, status: str | None) -> None:
    with pytest.raises(RecordError, match=rf"status is {status!r}; allowed: ok, diverged"):
        record.read_record(write(tmp_path / "a.json", status=status))


def test_a_record_reads_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", status="diverged")
    assert record.read_record(path) == {**RECORD, "status": "diverged"}
    assert json.loads(path.read_text())["status"] == "diverged"


def test_what_json_cannot_hold_is_none() -> None:
    assert [record.finite_or_none(value) for value in (0.25, float("nan"), float("inf"))] == [0.25, None, None]
