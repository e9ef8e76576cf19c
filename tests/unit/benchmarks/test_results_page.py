"""The page that the benchmarks write."""

from pathlib import Path

import _results
import pytest
from _results import load, row, write_section


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "RESULTS.md"
    for name in ("first", "second", "third"):
        write_section(name, f"## {name}\n\nold", path)
    return path


def test_a_section_takes_the_place_of_its_last_one(page: Path) -> None:
    before = page.read_text()
    write_section("second", "## second\n\nnew", page)
    assert page.read_text() == before.replace("## second\n\nold", "## second\n\nnew")


def test_the_same_text_changes_nothing(page: Path) -> None:
    before = page.read_text()
    for name in ("third", "first"):
        write_section(name, f"## {name}\n\nold", page)
    assert page.read_text() == before


def test_a_new_section_goes_to_the_end(page: Path) -> None:
    before = page.read_text()
    write_section("fourth", "text", page)
    assert page.read_text() == f"{before}\n<!-- fourth.py -->\ntext\n<!-- /fourth.py -->\n"


def test_a_row_has_the_median_and_the_spread_of_scaled_values() -> None:
    assert row("x", [3.0, 1.0, 2.0], "measured", 10) == "| x | 20 | 10 to 30 | measured |"


@pytest.mark.parametrize(("used", "text"), [(1, "1% of the machine's CPU time was in use."), (40, "40% of the")])
def test_what_else_runs_is_said(used: int, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = tmp_path / "stat"
    # User, nice, system, idle, iowait, irq, softirq, steal, and guests, who are in user and nice already.
    times.write_text("cpu  700 0 300 5000 100 0 0 0 0 0\ncpu0 1 2 3\n")

    def later(seconds: float) -> None:
        times.write_text(f"cpu  {700 + used} 0 300 {5100 - used - 10} 110 0 0 0 0 0\ncpu0 1 2 3\n")

    monkeypatch.setattr(_results, "CPU_TIMES", times)
    monkeypatch.setattr("time.sleep", later)
    told = load()
    assert text in told
    assert ("other work ran beside it" in told) == (used == 40)


def test_a_machine_that_tells_no_cpu_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_results, "CPU_TIMES", tmp_path / "none")
    assert load() == ""
