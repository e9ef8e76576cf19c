"""Projects: copies of the repository in which the real Snakemake runs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from lrwd.study.defaults import with_defaults

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("Snakefile", "config.yaml", "config", "workflow", "profiles", "envs")
PROFILE = ("--profile", "profiles/local")
# 8 cells on the grid and 4 on a line that is known beforehand; those of the larger lr diverge.
TINY = {
    "study": "tiny",
    "studies": {
        "tiny": {
            "title": "The least that has a table",
            "datasets": ["digits"],
            "architectures": ["resnet_digits", "mixer_digits"],
            "recipes": ["tiny"],
            "grid": {"lr": [0.003, 1e30], "wd": [0.1, 1]},
            "seeds": [0],
            "selection": {"split": "val", "epoch": "final"},
            "on_ratio": {"ratio": 20, "kappas": [1]},
        }
    },
}


# Read by every interpreter that has its folder on PYTHONPATH: torch and its like are not found.
NO_TORCH = """\
from importlib.machinery import PathFinder

find, hidden = PathFinder.find_spec, {"torch", "torchvision", "timm"}
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in hidden else find(name, *rest)
"""


def parts(folder: str) -> list[str]:
    """Names of the tables or figures that every study has; sequential studies have more."""
    files = sorted((ROOT / "workflow/lrwd" / folder).glob("[a-z]*.py"))
    return [path.stem for path in files if "\nONLY = " not in path.read_text()]


@dataclass
class Result:
    """What a run of Snakemake left: its exit status and all that it wrote."""

    rc: int
    text: str
    seconds: float
    jobs: dict[str, int] = field(init=False)
    cells: set[str] = field(init=False)

    def __post_init__(self) -> None:
        stats = re.findall(r"^Job stats:\n(.*?)^total", self.text, re.DOTALL | re.MULTILINE)
        rows = re.findall(r"^(\w+) +(\d+)$", stats[0], re.MULTILINE) if stats else []
        # How often each rule is planned (or was, at the start), and the cells whose training was announced.
        self.jobs = {name: int(number) for name, number in rows}
        found = re.findall(r"train (\w+/\w+/\w+) lr=(\S+) wd=(\S+) seed=(\d+)", self.text)
        self.cells = {f"{group}/lr{lr}_wd{wd}_seed{seed}" for group, lr, wd, seed in found}


@dataclass
class Project:
    """A copy of the repository."""

    folder: Path
    extra: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    def path(self, *names: str) -> Path:
        """A path in it."""
        return self.folder.joinpath(*names)

    def read(self, name: str) -> str:
        """A file's text."""
        return self.path(name).read_text()

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the only occurrence of a text in a file."""
        text = self.read(name)
        assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}"
        self.path(name).write_text(text.replace(old, new))

    def records(self) -> dict[str, Path]:
        """The records there are, by their cells."""
        runs = self.path("results", "runs")
        return {path.relative_to(runs).as_posix().removesuffix(".json"): path for path in runs.rglob("*.json")}

    def dates(self) -> dict[str, int]:
        """When each record was written."""
        return {cell: path.stat().st_mtime_ns for cell, path in self.records().items()}

    def start(self, *args: str) -> subprocess.Popen:
        """Start Snakemake in a process group of its own; its output goes to the file ``output``."""
        command = [sys.executable, "-m", "snakemake", *args]
        if self.extra:
            self.path("extra.yaml").write_text(yaml.safe_dump(self.extra, sort_keys=False))
            at = command.index("--") if "--" in command else len(command)
            command[at:at] = ["--configfile", "extra.yaml"]
        foreign = {"PYTHONDONTWRITEBYTECODE", "SNAKEMAKE_PROFILE", "LRWD_OWNER"}
        env = {name: value for name, value in os.environ.items() if name not in foreign}
        env |= {"XDG_CACHE_HOME": str(self.path(".cache")), "OMP_NUM_THREADS": "1"} | self.environment
        with open(self.path("output"), "w") as output:
            return subprocess.Popen(
                command, cwd=self.folder, env=env, stdout=output, stderr=output, start_new_session=True
            )

    def run(self, *args: str, timeout: float = 300) -> Result:
        """Run Snakemake to its end."""
        started = time.monotonic()
        process = self.start(*args)
        try:
            rc = process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            pytest.fail(f"no end within {timeout} s: snakemake {' '.join(args)}\n{self.read('output')[-4000:]}")
        return Result(rc, self.read("output"), time.monotonic() - started)

    def ok(self, *args: str, timeout: float = 300) -> Result:
        """Run Snakemake with the local profile; it must succeed."""
        result = self.run(*PROFILE, *args, timeout=timeout)
        assert result.rc == 0, result.text[-6000:]
        return result

    def plan(self, *args: str) -> Result:
        """What would be run with the local profile."""
        # The profile leaves out the table of jobs.
        return self.ok("-n", "--quiet", "reason", *args)

    def hide_torch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run from now on as in an environment for the analysis only."""
        self.path("without").mkdir()
        self.path("without", "sitecustomize.py").write_text(NO_TORCH)
        monkeypatch.setenv("PYTHONPATH", str(self.path("without")))

    def processes(self) -> list[str]:
        """The commands of all processes that work in this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").resolve().is_relative_to(self.folder):
                    found.append((process / "cmdline").read_text().replace("\0", " "))
            except OSError:  # it ended meanwhile, or is someone else's
                continue
        return [command for command in found if command]

    def wait_alone(self, seconds: float = 20) -> None:
        """Wait until no process works in this folder any more."""
        until(lambda: not self.processes(), seconds, lambda: f"still there: {self.processes()}")


def until(condition: Callable[[], Any], seconds: float, failure: Callable[[], str]) -> None:
    """Wait for a condition, and fail if it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(failure())
        time.sleep(0.05)


def new_project(folder: Path, extra: dict[str, Any] | None = None) -> Project:
    """Copy what is needed of the repository."""
    folder.mkdir(parents=True)
    for name in NEEDED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    return Project(folder, extra or {})


def tiny_study(**recipe: Any) -> dict[str, Any]:
    """The tiny study's configuration; its recipe is that of ``smoke`` with two epochs and these changes."""
    smoke = with_defaults({})["recipes"]["smoke"]
    return yaml.safe_load(yaml.safe_dump({**TINY, "recipes": {"tiny": {**smoke, "epochs": 2, **recipe}}}))


def copied(project: Project, folder: Path) -> Project:
    """Copy a project with all that was made in it; dates are kept."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return Project(folder, yaml.safe_load(yaml.safe_dump(project.extra)))
