"""Writes the benchmarks' sections to RESULTS.md, and describes machine and package versions."""

import os
import platform
import statistics
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from lrwd.atomic import write_text_atomic

RESULTS = Path(__file__).with_name("RESULTS.md")
CPU_TIMES = Path("/proc/stat")
LOOK_SEC = 3
QUIET = 0.05
HEAD = "# Benchmarks\n\nWhat the scripts in this folder measured, and where.\n"


def write_section(name: str, text: str, page: Path = RESULTS) -> None:
    """Replace a benchmark's section, or append it to the page.

    Args:
        name: name of the benchmark. Comments with this name mark the start and end of its section.
        text: the section as Markdown.
        page: the file.
    """
    start, end = f"<!-- {name}.py -->", f"<!-- /{name}.py -->"
    before, found, rest = (page.read_text() if page.exists() else HEAD).partition(start)
    after = rest.partition(end)[2].lstrip() if found else ""
    write_text_atomic(page, f"{before.rstrip()}\n\n{start}\n{text}\n{end}\n" + (f"\n{after}" if after else ""))


def row(name: str, values: Sequence[float], kind: str, factor: float = 1.0) -> str:
    """A table row: median, minimum and maximum of the values times a factor, and how they were obtained."""
    scaled = sorted(value * factor for value in values)
    return f"| {name} | {statistics.median(scaled):.3g} | {scaled[0]:.3g} to {scaled[-1]:.3g} | {kind} |"


def machine(packages: Sequence[str]) -> str:
    """One line with the CPU, the Python version and package versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"Hardware: {cpu()}, {os.cpu_count()} cores seen; {platform.system()}. "
        f"Python {platform.python_version()}, {versions}."
    )


def load() -> str:
    """Measure for some seconds, before a benchmark, how busy the machine is with other work.

    The load average is not used, since it would include the previous benchmark.
    """
    if not CPU_TIMES.exists():
        return ""
    used, total = _cpu_time()
    time.sleep(LOOK_SEC)
    used_then, total_then = _cpu_time()
    share = (used_then - used) / (total_then - total)
    return f"In the {LOOK_SEC} s before the start {share:.0%} of the machine's CPU time was in use" + (
        "." if share < QUIET else ": **other work ran beside it**, so that wall times are too long."
    )


def _cpu_time() -> tuple[int, int]:
    """CPU time of all cores since the machine started, (used, total), from the first line of Linux's /proc/stat."""
    times = [int(value) for value in CPU_TIMES.read_text().split("\n", 1)[0].split()[1:9]]
    return sum(times) - times[3] - times[4], sum(times)


def cpu() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
