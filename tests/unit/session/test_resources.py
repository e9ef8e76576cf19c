"""What cells may use of a machine with invented GPUs."""

from typing import Any

import pytest

from lrwd.cluster.site import Site
from lrwd.errors import ConfigError
from lrwd.execution import hardware
from lrwd.execution.hardware import Gpu
from lrwd.session.resources import Resources

GPUS = tuple(Gpu(number, "NVIDIA X", f"GPU-{number}") for number in range(8))


def resources(device: str = "auto", cells_per_gpu: int = 2, loader_workers: int | str = "auto") -> Resources:
    execution = {"device": device, "cells_per_gpu": cells_per_gpu, "loader_workers": loader_workers}
    return Resources(None, False, execution)


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Eight GPUs; the list of what is checked."""
    checked: list[Any] = []
    monkeypatch.setattr(hardware, "gpus", lambda: GPUS)
    monkeypatch.setattr("lrwd.session.resources.check_gpus", checked.extend)
    return checked


def test_all_gpus_are_used(eight: list[Any]) -> None:
    found = resources()
    assert found.cell == {"gpu": 1}
    assert found.num_cells_on_gpus(None) == 16
    assert found.num_cells_on_gpus(3) == 3
    assert found.lease is not None
    assert found.lease["gpus"] == [gpu.uuid for gpu in GPUS]
    assert found.summary(16) == "--- 8 GPUs (NVIDIA X): up to 16 trainings at once, at most 2 on a GPU\n"
    found.check_gpus()
    assert eight == list(GPUS)


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize(("cells_per_gpu", "workers"), [(1, 15), (2, 7), (16, 1), (64, 1)])
def test_loader_workers_from_the_cores_of_a_cell(
    monkeypatch: pytest.MonkeyPatch, cells_per_gpu: int, workers: int
) -> None:
    monkeypatch.setattr(hardware, "num_cores", lambda: 128)
    found = resources(cells_per_gpu=cells_per_gpu)
    assert found.loader_workers("imagenet", "any") == workers
    assert found.shares_device == (cells_per_gpu > 1)
    assert resources(loader_workers=0).loader_workers("imagenet", "any") == 0
    assert resources("cpu").loader_workers("imagenet", "any") == 1


@pytest.mark.parametrize(("packed", "arch", "workers"), [(False, "any", 7), (False, "big", 15), (True, "any", 2)])
def test_loader_workers_of_a_site(packed: bool, arch: str, workers: int) -> None:
    needs = {"default": {"gpus": 1, "cpus": 8, "mem_gb": 8, "hours": 1}, "imagenet/big": {"gpus": 4, "cpus": 64}}
    pool = {"cells_per_gpu": 2, "cpus_per_cell": 3}
    site = Site("gpu", "cpu", None, None, 120, "required", needs, pool, "results")
    execution = {"device": "auto", "cells_per_gpu": 1, "loader_workers": "auto"}
    found = Resources(site, packed, execution)
    assert found.loader_workers("imagenet", arch) == workers
    assert found.shares_device == packed
    with pytest.raises(ConfigError, match=r"execution\.device: 'cpu' is not allowed on a cluster"):
        Resources(site, packed, {**execution, "device": "cpu"})


@pytest.mark.usefixtures("eight")
def test_more_at_once_than_the_gpus_take() -> None:
    with pytest.raises(
        ConfigError, match=r"gpu=9 is not allowed: 8 GPUs can be used, .*cells_per_gpu: 1. Allowed: at most 8"
    ):
        resources(cells_per_gpu=1).num_cells_on_gpus(9)


def test_the_cpu_because_the_user_said_so(eight: list[Any]) -> None:
    found = resources("cpu")
    assert (found.gpus, found.cell, found.lease, found.on_gpus) == ((), {}, None, False)
    assert found.hides_gpus
    assert found.num_cells_on_gpus(None) is None
    found.check_gpus()
    assert not eight
    assert "CPU (execution.device: cpu)" in found.summary(None)


def test_a_machine_without_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpus", lambda: ())
    monkeypatch.setattr(hardware, "driver_fault", lambda: None)
    found = resources()
    assert (found.cell, found.lease, found.hides_gpus, found.summary(None)) == ({}, None, False, "")
    found.check_gpus()
    with pytest.raises(ConfigError, match="device: 'gpu' is not allowed: this machine has no NVIDIA GPU"):
        resources("gpu").check_gpus()
    monkeypatch.setattr(hardware, "driver_fault", lambda: "nvidia-smi fails")
    with pytest.raises(ConfigError, match=r"nvidia-smi fails\. Mend it, or train on the CPU"):
        found.check_gpus()
    resources("cpu").check_gpus()
