"""The study `smoke` through the real rules: records, table of runs, tables, figures, report, and nothing left over."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from projects import Project, Result, parts
from run_columns import COLUMNS

TABLES = parts("tables")
FIGURES = parts("figures")
Trained = tuple[Project, Result]


def rows(text: str) -> list[dict[str, str]]:
    """A CSV file's rows."""
    return list(csv.DictReader(io.StringIO(text)))


def result_of(path: Path) -> dict[str, Any]:
    """A record without what may differ from run to run."""
    return {key: value for key, value in json.loads(path.read_text()).items() if key != "run"}


def test_every_cell_has_a_record_a_log_and_a_row(smoke: Trained) -> None:
    project, _ = smoke
    records = project.records()
    logs = {path.stem for path in project.path("results/logs/runs").rglob("*.log")}
    assert {Path(cell).name for cell in records} == logs
    table = rows(project.read("results/runs.csv"))
    assert len(table) == len(records)
    assert sum(row["in_grid"] == "True" for row in table) == 24  # 2 architectures x 2 lr x 3 wd x 2 seeds
    # The line of each network that has a ratio: 3 kappa x 2 lr x 2 seeds, of which some may be on the grid.
    ratios = json.loads(project.read("results/studies/smoke/ratios.json"))
    on_line = [row for row in table if row["kappa"]]
    assert len(on_line) == 12 * sum(rho is not None for rho in ratios.values()) > 0
    for row in on_line:
        assert float(row["wd"]) == pytest.approx(float(row["kappa"]) * float(row["rho"]) * float(row["lr"]), rel=1e-5)


def test_the_table_of_runs_says_what_the_records_say(smoke: Trained) -> None:
    project, _ = smoke
    table = rows(project.read("results/runs.csv"))
    assert list(table[0]) == COLUMNS
    for row in table[::7]:
        name = f"lr{row['lr'].removesuffix('.0')}_wd{row['wd'].removesuffix('.0')}_seed{row['seed']}"
        record = result_of(project.records()["/".join((row["dataset"], row["arch"], row["recipe"], name))])
        assert record["status"] == row["status"] == "ok"
        assert float(row["select_top1"]) == record["history"][-1]["val_top1"]
        assert float(row["report_top1"]) == record["history"][-1]["test_top1"]
        assert len(record["history"]) == 3


def test_tables_and_figures_are_there(smoke: Trained) -> None:
    project, _ = smoke
    for table in TABLES:
        assert rows(project.read(f"results/tables/{table}.csv"))
        assert "|" in project.read(f"results/tables/{table}.md")
    assert {row["label"] for row in rows(project.read("results/tables/table1.csv"))} == {"ResNet", "MLP-Mixer"}
    for figure in FIGURES:
        assert project.path(f"results/figures/{figure}.png").read_bytes().startswith(b"\x89PNG")
        assert "</svg>" in project.read(f"results/figures/{figure}.svg")[-20:]


def test_progress_is_shown_in_few_lines(smoke: Trained) -> None:
    project, result = smoke
    assert f"of {len(project.records())} cells trained (100%)" in result.text
    assert "Traceback" not in result.text
    assert len(result.text.splitlines()) < 8 * (len(project.records()) + len(TABLES) + len(FIGURES))


def test_nothing_is_left_over(smoke: Trained) -> None:
    project, _ = smoke
    assert not [path for path in project.path("results/checkpoints").rglob("*") if path.is_file()]
    assert not [path for path in project.folder.rglob("*") if path.suffix in (".tmp", ".torn", ".rejected")]
    project.wait_alone()


def test_the_second_run_has_nothing_to_do(smoke_copy: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in smoke_copy.records().values()}
    assert "Nothing to be done" in smoke_copy.ok("--quiet", "reason").text
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_the_report_has_every_table_and_figure_with_its_caption(smoke_copy: Project) -> None:
    result = smoke_copy.run("--report", "report.html")
    assert result.rc == 0, result.text
    report = smoke_copy.read("report.html")
    for kind, names in (("table", TABLES), ("figure", FIGURES)):
        for name in names:
            caption = smoke_copy.read(f"workflow/report/{kind}_{name}.rst")
            assert len(caption) > 100
            # The longest run of plain words of the caption, as lines are broken anew and markup is rendered.
            words = max(re.findall(r"[A-Za-z ]{20,}", caption), key=len).strip()
            assert words in " ".join(report.split()), f"no caption of {kind} {name}"
            assert f"{name}.{'csv' if kind == 'table' else 'png'}" in report
    assert "smoke" in report


def test_what_the_committed_replications_say_holds_here_too(smoke: Trained) -> None:
    project, _ = smoke
    result = project.ok("--", "replicate")
    assert "3 of 3 statements that every replication of `smoke` makes also hold here" in result.text
    page = project.read("results/replicate.md")
    assert page.count("| yes |") == 3
    assert "**no**" not in page
