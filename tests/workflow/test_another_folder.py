"""The rules work from any folder: with ``-s``, or as a module of another workflow."""

from pathlib import Path

import pytest
from projects import Project, new_project, tiny_study

TABLE = "results/tables/table1.csv"
SNAKEFILE = """\
configfile: "config/config.yaml"


module lrwd:
    snakefile:
        "{repository}/workflow/Snakefile"
    config:
        config


use rule * from lrwd as lrwd_*
"""


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    """A copy of the repository; tests check that nothing is written to it."""
    return new_project(tmp_path / "repository")


def files(project: Project) -> set[Path]:
    """All files except compiled modules."""
    return {path for path in project.folder.rglob("*") if "__pycache__" not in path.parts}


def test_started_in_an_empty_folder(repository: Project, tmp_path: Path) -> None:
    before = files(repository)
    place = Project(tmp_path / "place", tiny_study())
    place.folder.mkdir()
    result = place.run("-s", str(repository.path("Snakefile")), "--cores", "2", "--", TABLE, timeout=300)
    assert result.rc == 0, result.text[-5000:]
    assert len(place.records()) == 12
    assert "MLP-Mixer" in place.read(TABLE)
    assert files(repository) == before


def test_used_as_a_module(repository: Project, tmp_path: Path) -> None:
    """Use the module as snakedeploy sets it up, with a configuration that only names the study."""
    before = files(repository)
    place = Project(tmp_path / "place")
    for name, text in (
        ("workflow/Snakefile", SNAKEFILE.format(repository=repository.folder)),
        ("config/config.yaml", "study: smoke\n"),
    ):
        place.path(name).parent.mkdir(parents=True)
        place.path(name).write_text(text)
    result = place.run("--cores", "2", "--", TABLE, timeout=400)
    assert result.rc == 0, result.text[-5000:]
    assert {"lrwd_train_cell", "lrwd_estimate_ratio", "lrwd_table_table1"} <= set(result.jobs)
    assert len(place.records()) >= 24
    assert all("/smoke/" in cell for cell in place.records())
    assert "MLP-Mixer" in place.read(TABLE)
    assert files(repository) == before
