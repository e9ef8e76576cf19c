"""What several folders of tests share: markers, the real configuration, and the digits prepared once."""

import copy
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["project_fixtures"]  # a file of tests/support

TESTS = Path(__file__).parent
# A test's marker by its folder; pyproject.toml describes them, and selects what has none.
MARKERS = {"workflow": "workflow", "slurm": "slurm", "simulations": "slow"}
# Folders and files that take longest a file, so that they are given out first.
LONG = ("slurm/test_smoke", "slurm", "workflow/test_theory", "end_to_end", "workflow", "simulations")
FIRST = (*LONG, "unit/figures", "unit/train", "unit/design", "unit/execution", "unit/reports")

# Two tests at once on two cores are faster than one whose linear algebra uses both.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell starts what it puts into the background deaf to Ctrl-C, and what tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test its folder's marker, and put the files that take longest first."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in MARKERS:
            item.add_marker(MARKERS[folder])
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    place = item.path.relative_to(TESTS).as_posix()
    return next((number for number, start in enumerate(FIRST) if place.startswith(start)), len(FIRST))


def pytest_xdist_auto_num_workers() -> int:
    """As many processes as this one may use cores; more than eight would wait for the longest file."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


@pytest.fixture
def config() -> dict[str, Any]:
    """The repository's configuration with every key written out and the tests' own ``demo``, for a test to change."""
    from configured import TESTED

    from lrwd.study.defaults import with_defaults

    found = with_defaults({})
    found["studies"]["demo"] = copy.deepcopy(TESTED)
    return found


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of prepared digits, few of them: 200 for training, 97 for validation, 1,500 for testing."""
    from lrwd import registry
    from lrwd.data._prepare import prepare

    knobs = {"test_size": 1500, "val_size": 97, "split_seed": 0, "mean": None, "std": None}
    folder = tmp_path_factory.mktemp("prepared")
    source = registry.build_config(registry.part("data", "digits"), knobs, "datasets.digits")
    return prepare(source, "digits", folder / "digits", folder / "downloads").parent


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train on the CPU; torch's settings, which that changes for the whole process, are put back afterwards."""
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    tf32 = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    state = torch.get_rng_state()
    yield
    torch.set_rng_state(state)
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
