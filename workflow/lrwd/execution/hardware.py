"""Detects the hardware of this machine without importing torch."""

import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def num_gpus() -> int:
    """Number of NVIDIA GPUs that are visible to a process started here."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    return len(_gpu_names())


def gpus_per_cell() -> int:
    """Number of GPUs that a cell uses on this machine: one if a GPU is visible, else zero."""
    return min(1, num_gpus())


def num_cores() -> int:
    """Number of CPU cores of this machine."""
    return os.cpu_count() or 1


def machine() -> str:
    """Describe the hardware that determines the cost of a training: processor, number of cores, GPUs."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    return ", ".join([f"{cpu} ({num_cores()})", *(_gpu_names() if num_gpus() else [])])


@cache
def _gpu_names() -> list[str]:
    """Return one line for every GPU of this machine."""
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
