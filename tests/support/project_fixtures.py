"""Projects that tests begin with; what is trained in one is paid once a session, and copied.

Shared by tests/end_to_end, tests/workflow and tests/slurm (tests/conftest.py loads it).
"""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import Project, Result, copied, new_project, tiny_study


@pytest.fixture
def project(untrained: Project, tmp_path: Path) -> Project:
    """A fresh copy of the repository with the tiny study, whose parts are checked already."""
    fresh = new_project(tmp_path / "project", tiny_study())
    shutil.copytree(untrained.path("results", "checked"), fresh.path("results", "checked"))
    return fresh


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[Project, Result]]:
    """Makes trained projects, each once, even when the tests run in several processes."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, extra: dict[str, Any], *args: str) -> tuple[Project, Result]:
        folder, text = base / "shared" / name, base / "shared" / f"{name}.txt"
        folder.parent.mkdir(exist_ok=True)
        with open(base / "shared" / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not text.exists():
                shutil.rmtree(folder, ignore_errors=True)  # another process's, which failed
                result = new_project(folder, extra).ok(*args, timeout=900)
                text.write_text(f"{result.seconds}\n{result.text}")
        seconds, _, output = text.read_text().partition("\n")
        return Project(folder, extra), Result(0, output, float(seconds))

    return make


@pytest.fixture(scope="session")
def untrained(shared: Callable) -> Project:
    """The tiny study, planned only: 8 cells on its grid and 4 on its line; to be copied, not run in or changed."""
    return shared("untrained", tiny_study(), "-n")[0]


@pytest.fixture(scope="session")
def smoke(shared: Callable) -> tuple[Project, Result]:
    """The study ``smoke`` gone through all rules; to be looked at, not changed."""
    return shared("smoke", {"study": "smoke"})


@pytest.fixture(scope="session")
def tiny(shared: Callable) -> tuple[Project, Result]:
    """The tiny study gone through all rules; to be looked at, not changed."""
    return shared("tiny", tiny_study())


@pytest.fixture
def smoke_copy(smoke: tuple[Project, Result], tmp_path: Path) -> Project:
    """A copy of the trained smoke study, free to be changed; dates are kept."""
    return copied(smoke[0], tmp_path / "smoke")


@pytest.fixture
def tiny_copy(tiny: tuple[Project, Result], tmp_path: Path) -> Project:
    """A copy of the trained tiny study, free to be changed; dates are kept."""
    return copied(tiny[0], tmp_path / "tiny")


@pytest.fixture(scope="module")
def place(untrained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for all tests of a file that come to train nothing."""
    return copied(untrained, tmp_path_factory.mktemp("place") / "project")
