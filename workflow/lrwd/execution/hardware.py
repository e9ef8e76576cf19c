"""Detects the hardware of this machine without importing torch."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lrwd.errors import ConfigError

VISIBLE = "CUDA_VISIBLE_DEVICES"
NVIDIA_SMI_SEC = 20
# The driver lists its GPUs here, also without nvidia-smi.
DRIVER_FOLDER = Path("/proc/driver/nvidia/gpus")
PCI_FOLDER = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", "0x03"


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a MIG instance of one, which a cell uses as a GPU.

    number: of the GPU, as nvidia-smi numbers them; name: the model; uuid: how CUDA_VISIBLE_DEVICES names it.
    """

    number: int
    name: str
    uuid: str


def gpus() -> tuple[Gpu, ...]:
    """The NVIDIA GPUs that a process started here may use, in nvidia-smi's order.

    CUDA_VISIBLE_DEVICES, if it is set, selects among them by nvidia-smi's number or by (the start of) a UUID.

    Raises:
        ConfigError: CUDA_VISIBLE_DEVICES names a GPU that this machine does not have.
    """
    found = _all_gpus()
    visible = os.environ.get(VISIBLE)
    if visible is None or not found:
        return found
    chosen: list[Gpu] = []
    for word in filter(None, map(str.strip, visible.split(","))):
        if word == "-1":  # ends the list, as CUDA reads it
            break
        named = [gpu for gpu in found if (str(gpu.number) == word if word.isdigit() else gpu.uuid.startswith(word))]
        if not named:
            allowed = ", ".join(f"{gpu.number} or {gpu.uuid}" for gpu in found)
            raise ConfigError(f"environment variable {VISIBLE}: {word!r} is no GPU of this machine. Allowed: {allowed}")
        chosen += [gpu for gpu in named if gpu not in chosen]
    return tuple(gpu for gpu in found if gpu in chosen)


def num_gpus() -> int:
    """Number of NVIDIA GPUs that a process started here may use.

    Raises:
        ConfigError: CUDA_VISIBLE_DEVICES names a GPU that this machine does not have.
    """
    return len(gpus())


@cache
def driver_fault() -> str | None:
    """Why the driver of this machine's NVIDIA GPUs does not work; None if it does, or if there is none of either."""
    if _all_gpus() or not _has_nvidia_gpu():
        return None
    if shutil.which("nvidia-smi") is None:
        return None  # nobody has set the GPU up for computing
    _, problem = _nvidia_smi()
    return f"this machine has an NVIDIA GPU, but nvidia-smi does not list it: {problem}"


def num_cores() -> int:
    """Number of CPU cores of this machine."""
    return os.cpu_count() or 1


def machine() -> str:
    """Describe the hardware that determines the cost of a training: processor, number of cores, GPUs."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    hidden = os.environ.get(VISIBLE, "all").strip() in ("", "-1")
    names = [] if hidden else [line for line in _nvidia_smi()[0] if line.startswith("GPU ")]
    return ", ".join([f"{cpu} ({num_cores()})", *names])


@cache
def _all_gpus() -> tuple[Gpu, ...]:
    """All GPUs of this machine, whatever CUDA_VISIBLE_DEVICES says."""
    found: list[Gpu] = []
    for line in _nvidia_smi()[0]:
        if gpu := re.match(r"GPU (\d+): (.*) \(UUID: (\S+)\)", line):
            found.append(Gpu(int(gpu[1]), gpu[2], gpu[3]))
        elif found and (instance := re.match(r"\s+MIG (.*\S) +Device +\d+: \(UUID: (\S+)\)", line)):
            whole = found[-1]
            if whole.uuid.startswith("GPU-"):
                found.pop()  # a GPU with MIG instances can be used through them only
            found.append(Gpu(whole.number, f"MIG {instance[1]}", instance[2]))
    return tuple(found or _gpus_of_driver())


def _gpus_of_driver() -> list[Gpu]:
    texts = [path.read_text() for path in sorted(DRIVER_FOLDER.glob("*/information"))]
    entries = [dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in texts]
    known = [entry for entry in entries if entry.get("GPU UUID", "").strip().startswith("GPU-")]
    return [Gpu(number, entry["Model"].strip(), entry["GPU UUID"].strip()) for number, entry in enumerate(known)]


@cache
def _nvidia_smi() -> tuple[list[str], str]:
    """The lines of ``nvidia-smi -L``, and what it said if it failed or found no GPU."""
    if shutil.which("nvidia-smi") is None:
        return [], "nvidia-smi is not installed"
    command = ["nvidia-smi", "-L"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=NVIDIA_SMI_SEC, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        return [], str(error)
    text = " ".join(f"{listed.stdout} {listed.stderr}".split()) or f"exit status {listed.returncode}"
    return (listed.stdout.splitlines(), "") if listed.returncode == 0 and "GPU " in listed.stdout else ([], text)


def _has_nvidia_gpu() -> bool:
    """Whether the PCI bus has an NVIDIA GPU, with or without a driver."""

    def read(path: Path) -> str:
        try:
            return path.read_text().strip()
        except OSError:
            return ""

    return any(
        read(device / "vendor") == NVIDIA and read(device / "class").startswith(DISPLAY)
        for device in PCI_FOLDER.glob("*")
    )
