"""Files as spreadsheets write them: other encodings, decimal commas, percent signs."""

from pathlib import Path

import pytest
from sweeps import HEAD, ROWS, imported, refusal, write

from lrwd.runs.external import import_runs

TEXT = "\n".join((HEAD + ",ort", *(f"{row},Köln" for row in ROWS))) + "\n"


@pytest.mark.parametrize(
    ("encoding", "says"),
    [
        *(("utf-8", None), ("utf-8-sig", None), ("utf-16", "The file is in UTF-16.")),
        *(("latin-1", "not in UTF-8; its letters were read as Windows-1252"), ("cp1252", "not in UTF-8")),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings(tmp_path: Path, encoding: str, says: str | None, newline: str) -> None:
    path = tmp_path / "sweep.csv"
    path.write_bytes(TEXT.replace("\n", newline).encode(encoding))
    runs, report = import_runs(imported(path))
    assert runs["ort"].tolist() == ["Köln"] * 3
    assert (says or "") in report
    assert ("The file is" in report) == bool(says)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            TEXT.encode("utf-16-le"),
            "holds zero bytes, so it is no text, or text in UTF-16 without a mark; save the table",
        ),
        (b"PK\x03\x04", "is a workbook or another ZIP file; save the table as CSV in UTF-8"),
        (b"a\x81b", "cannot be read as text"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "sweep.csv").write_bytes(content)
    assert words in refusal(imported(tmp_path / "sweep.csv"))


def test_decimal_commas(tmp_path: Path) -> None:
    rows = ("net;digits;0,001;0,1;0;0,5", "net;digits;1e-3;1;0;1")
    runs, report = import_runs(write(tmp_path, *rows, head=HEAD.replace(",", ";")))
    assert runs["lr"].tolist() == [0.001, 0.001]
    assert runs["wd"].tolist() == [0.1, 1]
    assert runs["select_top1"].tolist() == [0.5, 1]
    assert "Commas in `lr`, `wd`, `test_top1` were read as decimal points" in report


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("net;digits;0.001;0,2;0;0,5", "lr has decimal commas and decimal points: '0,01' in line 2, '0.001' in line 3"),
        ("net;digits;1.000,5;0,2;0;0,5", "lr is '1.000,5' in line 3; allowed: a number"),
        ("net;digits;0,01;0,2;1,000;0,5", "seed has entries with a comma; allowed: an integer"),
    ],
)
def test_commas_that_are_not_clear(tmp_path: Path, row: str, words: str) -> None:
    message = refusal(write(tmp_path, "net;digits;0,01;0,1;0;0,5", row, head=HEAD.replace(",", ";")))
    assert words in message or (row.count(".") and "decimal commas and decimal points" in message)


def test_percent_signs(tmp_path: Path) -> None:
    runs, report = import_runs(write(tmp_path, "n,d,1,1,0,55%", "n,d,1,2,0,0.5 %", "n,d,1,3,0,60%"))
    assert runs["select_top1"].tolist() == pytest.approx([0.55, 0.005, 0.6])
    assert "`test_top1` is in percent" in report
    mixed = write(tmp_path, "n,d,1,1,0,55%", "n,d,1,2,0,60")
    assert "entries with a percent sign and without: '60' in line 3" in refusal(mixed)
    assert "says `unit: fraction`" in refusal(write(tmp_path, "n,d,1,1,0,55%", unit="fraction"))
    assert "lr is '1%' in line 2" in refusal(write(tmp_path, "n,d,1%,1,0,55%"))
