"""Failures that a sequential study keeps as records, and what `status` says of them."""

from pathlib import Path

from sequential_studies import configuration, train

from lrwd.cluster.status import report, start_command, study_status, targets
from lrwd.execution import worker
from lrwd.runs.failed import is_failed, write_failed
from lrwd.study.load import load_study
from lrwd.study.paths import record_path


def test_kept_failures_are_told_and_the_command_forces_them(tmp_path: Path) -> None:
    study = load_study({**configuration(), "results": str(tmp_path)}, "mine.yaml")
    first = record_path(study.results, study.grid_cells[0])
    write_failed(first, study.spec(study.grid_cells[0]), "ValueError: no")
    train(study)
    status = study_status(study, study.grid_cells, [], {})
    text = report(study, status, 120, [], start_command("profiles/local", [], {"study": "mine"}))
    assert "59 of 60 cells trained, up to 120 more in later rounds" in text
    assert "kept: ValueError: no" in text
    assert "snakemake --profile profiles/local --config study=mine --force -- $(cat" in text
    assert targets(study, status) == f"{first}\n"


def test_only_a_request_that_says_so_keeps_a_failure(tmp_path: Path, monkeypatch) -> None:
    study = load_study({**configuration(), "results": str(tmp_path)}, "mine.yaml")
    path = tmp_path / "record.json"
    request = {"job": {"record": str(path), "spec": study.spec(study.grid_cells[0])}}
    assert not worker._keep_failure(request, "no")
    assert not path.exists()
    request["keep_failure"] = True
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert not worker._keep_failure(request, "no")
    monkeypatch.delenv("WORLD_SIZE")
    assert worker._keep_failure(request, "no")
    assert is_failed(path)
    # A record that cannot be written is a failure of the job.
    request["job"]["record"] = str(path / "below a file")
    assert not worker._keep_failure(request, "no")
