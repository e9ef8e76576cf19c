"""One cluster per pytest process, and studies trained on it; results must equal those on one machine bit for bit."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from grids import Grid, fresh, long_cells, running
from projects import Project
from slurm_cluster import Cluster


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes with two GPUs each, without accounting."""
    yield from running(tmp_path_factory)


@pytest.fixture
def cluster(started: Cluster) -> Cluster:
    """The cluster with all nodes up, independent of the previous test."""
    started.wait_for_nodes()
    return started


@pytest.fixture(scope="session")
def here(shared: Callable) -> Project:
    """The study of long cells, trained on this machine without SLURM: the expected results."""
    return shared("long_cells", long_cells(), "--", "results/runs.csv")[0]


@pytest.fixture
def grid(here: Project, cluster: Cluster, tmp_path: Path) -> Iterator[Grid]:
    """The same study with a prepared data set and no trained cells, for the cluster."""
    yield from fresh(here, cluster, tmp_path)
