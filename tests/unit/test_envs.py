"""The pinned environments: complete, exact, hashed, free of any registry's address, equal to each other."""

import importlib.metadata
import re
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVS = Path(__file__).parents[2] / "envs"
LOCKS = ["lock.txt", "dev-lock.txt"]
RUNNERS = {"snakemake", "snakemake-executor-plugin-slurm", "pygments", "uv"}
TRAINING = {"torch", "torchvision", "timm"}


def platform(python: str, system: str = "linux") -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": {"linux": "x86_64", "darwin": "arm64"}[system],
        "os_name": "posix",
        "extra": "",
    }


CONDA = platform("3.12")


def entries(lock: str) -> dict[str, list[str]]:
    """Requirement -> its hashes, for each entry of a lock."""
    text = "\n".join(line for line in (ENVS / lock).read_text().splitlines() if not line.lstrip().startswith("#"))
    found = {}
    for entry in text.replace("\\\n", " ").splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        found[requirement.strip()] = hashes
    return found


def active(requirements: list[str], where: dict[str, str]) -> dict[str, str]:
    """Name -> pinned version of the requirements that hold on a platform; each name at most once."""
    pins: dict[str, str] = {}
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate(where):
            name = canonicalize_name(requirement.name)
            assert name not in pins, f"{name} is pinned twice on {where['sys_platform']}"
            pins[name] = str(requirement.specifier).removeprefix("==")
    return pins


def direct(name: str) -> set[str]:
    lines = (ENVS / name).read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith(("#", "-r"))}


def conda(name: str) -> tuple[dict, list[str]]:
    content = yaml.safe_load((ENVS / name).read_text())
    (pip,) = (item["pip"] for item in content["dependencies"] if isinstance(item, dict))
    return content, pip


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_exactly_with_hashes(lock: str) -> None:
    assert len(entries(lock)) > 100
    for text, hashes in entries(lock).items():
        requirement = Requirement(text)
        assert requirement.url is None
        assert re.fullmatch(r"==[0-9][0-9A-Za-z.+!]*", str(requirement.specifier)), text
        assert hashes, f"{text} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), text


@pytest.mark.parametrize("path", sorted(ENVS.glob("*.*")), ids=lambda path: path.name)
def test_no_address_of_a_registry(path: Path) -> None:
    if path.suffix == ".py":
        return
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"index|find-links|trusted-host|\.(org|com|net|io)\b", text)


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_locks_hold_what_is_asked_for(python: str, system: str) -> None:
    pins = active(list(entries("lock.txt")), platform(python, system))
    assert direct("requirements.in") <= pins.keys()
    dev = active(list(entries("dev-lock.txt")), platform(python, system))
    assert direct("dev.in") | direct("requirements.in") <= dev.keys()
    # so that --dev adds packages to an environment in use, and changes none
    assert pins.items() <= dev.items()


def test_the_dev_lock_has_the_same_hashes() -> None:
    dev = entries("dev-lock.txt")
    assert all(set(dev[text]) == set(hashes) for text, hashes in entries("lock.txt").items())


@pytest.mark.parametrize("name", ["train.yaml", "analysis.yaml"])
def test_conda_environments_equal_the_lock(name: str) -> None:
    content, pip = conda(name)
    assert content["channels"] == ["conda-forge", "nodefaults"]
    assert "python=3.12" in content["dependencies"]
    pins = active(pip, CONDA)
    locked = active(list(entries("lock.txt")), CONDA)
    assert pins.items() <= locked.items(), sorted(pins.items() - locked.items())


def test_conda_environments_hold_what_is_asked_for() -> None:
    train, analysis = (active(conda(name)[1], CONDA) for name in ("train.yaml", "analysis.yaml"))
    assert direct("requirements.in") - RUNNERS <= train.keys()
    assert direct("requirements.in") - RUNNERS - TRAINING <= analysis.keys()
    assert not [name for name in analysis if name in TRAINING or name.startswith(("nvidia", "cuda", "triton"))]


@pytest.mark.parametrize("name", ["train.yaml", "analysis.yaml"])
def test_conda_environments_are_closed(name: str) -> None:
    """What the installed packages say that they need is pinned as well."""
    pins = active(conda(name)[1], CONDA)
    checked = 0
    for package in pins:
        try:
            needs = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        checked += 1
        for requirement in map(Requirement, needs):
            if requirement.marker is None or requirement.marker.evaluate(CONDA):
                assert canonicalize_name(requirement.name) in pins, f"{package} needs {requirement.name}"
    assert checked > 15
