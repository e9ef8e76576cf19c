"""What cells may use of a machine with invented GPUs."""

from typing import Any

import pytest

from lrwd.errors import ConfigError
from lrwd.execution import hardware
from lrwd.execution.hardware import Gpu
from lrwd.session.resources import Resources

GPUS = tuple(Gpu(number, "NVIDIA X", f"GPU-{number}") for number in range(8))


def resources(device: str = "auto", cells_per_gpu: int = 2) -> Resources:
    return Resources(None, False, {"device": device, "cells_per_gpu": cells_per_gpu})


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
