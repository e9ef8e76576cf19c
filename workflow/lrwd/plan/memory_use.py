"""Memory of the device that cells are trained on: what is free, and what a cell took."""

import os
import resource
import sys
from pathlib import Path

import torch


def free_bytes() -> int:
    """Memory of the device that is free."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    # What the system keeps of files can be had too.
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def peak_bytes() -> int:
    """Peak memory of this process on the device."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved()
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
