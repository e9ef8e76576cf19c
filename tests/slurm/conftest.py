"""A cluster a file of tests, and studies that are trained on it; each ends as it does on one machine, bit for bit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from grids import Grid, fresh, long_cells, running
from projects import Project, new_project
from slurm_cluster import Cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes with two GPUs each, without accounting."""
    yield from running(tmp_path_factory)


@pytest.fixture(scope="session")
def here(shared_once: Callable[[str], Path]) -> Project:
    """The study of long cells, trained on this machine without SLURM: what must come out."""
    return Project(shared_once("here"), long_cells())


@pytest.fixture(scope="session")
def shared_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Trains the long cells on one machine, once a session."""

    def make(name: str) -> Path:
        project = new_project(tmp_path_factory.mktemp(name) / "project", long_cells())
        project.ok("--", "results/runs.csv", timeout=500)
        return project.folder

    return make


@pytest.fixture
def grid(here: Project, cluster: Cluster, tmp_path: Path) -> Iterator[Grid]:
    """The same study with its data set prepared and nothing trained, to be run on the cluster."""
    yield from fresh(here, cluster, tmp_path)
