"""Files that are whole or absent, and checksums."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from lrwd import atomic


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "a.json"
    atomic.write_text_atomic(path, "old")

    def fail(*_: Any) -> None:
        raise KeyboardInterrupt  # not an Exception: Ctrl-C too leaves nothing behind

    monkeypatch.setattr(*((os, "fsync", fail) if failing == "fsync" else (Path, "replace", fail)))
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text_atomic(path, "new")
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.txt"
    atomic.write_text_atomic(path, "λ")
    atomic.write_bytes_atomic(path, "η".encode())
    assert path.read_text(encoding="utf-8") == "η"


def test_files_have_the_rights_that_others_have(tmp_path: Path) -> None:
    # A temporary file is readable by its owner alone; a result is to be as any other file is.
    old = os.umask(0o027)
    try:
        atomic.write_text_atomic(tmp_path / "a", "")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic.write_json_atomic(tmp_path / "a.json", {"loss": value})
    assert not list(tmp_path.iterdir())


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")  # FIPS 180-2, appendix B.1
    assert atomic.sha256_file(tmp_path / "a").startswith("ba7816bf8f01cfea414140de5dae2223")
