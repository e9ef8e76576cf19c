"""Free memory of the training device, and peak memory use of a process."""

import os
import resource
import sys
from pathlib import Path

import torch


def free_bytes() -> int:
    """Free memory of the device (GPU memory, or RAM without a GPU)."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0]
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    # MemAvailable includes the file cache, which the system frees on demand.
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def peak_bytes() -> int:
    """Peak memory of this process on the device."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved()
    # Kilobytes on Linux, bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
