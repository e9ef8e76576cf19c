"""Invented GPUs, as nvidia-smi and the driver list them."""

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lrwd.errors import ConfigError
from lrwd.execution import gpu_check, hardware
from lrwd.execution.gpu_check import GpuError, check_gpu, check_gpus
from lrwd.execution.hardware import Gpu

EIGHT = "".join(f"GPU {number}: NVIDIA X (UUID: GPU-{number:04x}-f)\n" for number in range(8))
MIG = """\
GPU 0: NVIDIA X (UUID: GPU-0000)
  MIG 3g.20gb     Device  0: (UUID: MIG-a)
  MIG 3g.20gb     Device  1: (UUID: MIG-b)
GPU 1: NVIDIA X (UUID: GPU-0001)
"""
Invent = Callable[..., None]


@pytest.fixture
def invent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Invent]:
    """Makes an nvidia-smi with some output and exit status; and a PCI bus, by default with an NVIDIA GPU on it."""

    def forget() -> None:
        for cached in (hardware._all_gpus, hardware._nvidia_smi, hardware.driver_fault):
            cached.cache_clear()

    def make(listed: str | None, status: int = 0, on_pci: bool = True) -> None:
        forget()
        if listed is not None:
            program = tmp_path / "nvidia-smi"
            (tmp_path / "listed").write_text(listed)
            program.write_text(f"#!/bin/sh\n/bin/cat {tmp_path}/listed\nexit {status}\n")
            program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(hardware, "DRIVER_FOLDER", tmp_path / "driver")
        monkeypatch.setattr(hardware, "PCI_FOLDER", tmp_path / "pci")
        device = tmp_path / "pci" / "0000:01:00.0"
        device.mkdir(parents=True)
        (device / "vendor").write_text("0x10de\n" if on_pci else "0x8086\n")
        (device / "class").write_text("0x030200\n")

    yield make
    forget()


def test_all_gpus_of_the_machine(invent: Invent) -> None:
    invent(EIGHT)
    assert hardware.gpus() == tuple(Gpu(number, "NVIDIA X", f"GPU-{number:04x}-f") for number in range(8))
    assert hardware.driver_fault() is None
    assert "GPU 7: NVIDIA X" in hardware.machine()


@pytest.mark.parametrize(
    ("visible", "numbers"),
    [("2,5", [2, 5]), ("5, 2", [2, 5]), ("GPU-0003-f,GPU-0004", [3, 4]), ("", []), ("-1", []), ("1,-1,2", [1])],
)
def test_the_gpus_that_are_visible(
    invent: Invent, monkeypatch: pytest.MonkeyPatch, visible: str, numbers: list[int]
) -> None:
    invent(EIGHT)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert [gpu.number for gpu in hardware.gpus()] == numbers
    assert hardware.num_gpus() == len(numbers)


def test_a_gpu_that_there_is_not(invent: Invent, monkeypatch: pytest.MonkeyPatch) -> None:
    invent(EIGHT)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,8")
    with pytest.raises(ConfigError, match=r"CUDA_VISIBLE_DEVICES: '8' is no GPU of this machine. Allowed: 0 or GPU-0"):
        hardware.gpus()


def test_mig_instances(invent: Invent) -> None:
    invent(MIG)
    assert [gpu.uuid for gpu in hardware.gpus()] == ["MIG-a", "MIG-b", "GPU-0001"]


def test_gpus_without_nvidia_smi(invent: Invent, tmp_path: Path) -> None:
    invent(None)
    folder = tmp_path / "driver" / "0000:01:00.0"
    folder.mkdir(parents=True)
    (folder / "information").write_text("Model: \t\t NVIDIA Y\nIRQ:   \t\t 1\nGPU UUID: \t GPU-9\n")
    assert hardware.gpus() == (Gpu(0, "NVIDIA Y", "GPU-9"),)


def test_a_driver_that_does_not_work(invent: Invent) -> None:
    invent("Failed to initialize NVML: Driver/library version mismatch\n", status=18)
    assert hardware.gpus() == ()
    assert "has an NVIDIA GPU, but nvidia-smi does not list it: Failed to initialize NVML" in str(
        hardware.driver_fault()
    )


@pytest.mark.parametrize(("listed", "on_pci"), [("No devices were found\n", False), (None, True), (None, False)])
def test_a_machine_without_gpus(invent: Invent, listed: str | None, on_pci: bool) -> None:
    """With nvidia-smi but no GPU; with a GPU that nobody has set up for computing; with neither."""
    invent(listed, status=6, on_pci=on_pci)
    assert hardware.gpus() == ()
    assert hardware.driver_fault() is None


@pytest.mark.usefixtures("on_the_cpu")
def test_a_listed_gpu_that_cuda_cannot_use(invent: Invent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is an error even where a GPU is optional, and the node is recorded."""
    check_gpu(None, required=False)  # no GPU: fine
    with pytest.raises(GpuError, match="does not work"):
        check_gpu(None, required=True)
    invent(EIGHT)
    monkeypatch.setattr(gpu_check, "_why_no_cuda", lambda: "the driver is too old")
    with pytest.raises(GpuError, match="does not work: the driver is too old"):
        check_gpu(str(tmp_path), required=False)
    assert list((tmp_path / "cluster/bad_nodes").iterdir()) == [
        tmp_path / "cluster/bad_nodes" / f"{socket.gethostname()}.json"
    ]


def test_the_check_before_the_first_training(invent: Invent) -> None:
    """A process of its own: torch, which finds no GPU here."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU, so that invented ones mean nothing")
    invent(EIGHT)
    with pytest.raises(ConfigError) as error:
        check_gpus(hardware.gpus()[:2])
    text = str(error.value)
    assert text.startswith("GPU 0 (NVIDIA X), 1 (NVIDIA X): CUDA cannot use it: ")
    assert text.endswith("or train on the CPU (execution.device: cpu)")
    assert "Traceback" not in text


def test_a_check_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/true")
    check_gpus([Gpu(0, "NVIDIA X", "GPU-0")])
