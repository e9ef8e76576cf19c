"""envs/run.py, with the installation itself replaced: when it makes, follows, refuses and hands over."""

import ast
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "envs" / "run.py"


def load(root: Path) -> Any:
    spec = importlib.util.spec_from_file_location("envs_run", root / "envs" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Run:
    """The module in a repository of its own, whose installation only takes notes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "envs").mkdir()
        for name in ("run.py", "lock.txt", "dev-lock.txt"):
            (root / "envs" / name).write_text((SOURCE.parent / name).read_text())
        self.module = load(root)
        self.really_create = self.module.create
        self.done: list[str] = []
        self.uv_works = self.pip_works = True
        self.module.create = self.create
        self.module.install_with_uv = lambda lock, _: self.install("uv", lock, self.uv_works)
        self.module.install_with_pip = lambda lock, _: self.install("pip", lock, self.pip_works)

    def create(self, _descriptor: int) -> None:
        self.done.append("create")
        python = self.root / ".venv" / "bin" / "python"
        python.parent.mkdir(exist_ok=True)
        python.unlink(missing_ok=True)
        python.symlink_to(sys.executable)

    def install(self, tool: str, lock: Path, works: bool) -> bool:
        assert not self.module.STAMP.exists(), "an environment being changed must not look whole"
        self.done.append(f"{tool} {lock.name}")
        return works

    def ensure(self, dev: bool = False) -> list[str]:
        self.done.clear()
        self.module.ensure(dev)
        return list(self.done)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_is_made_once(run: Run) -> None:
    assert run.ensure() == ["create", "uv lock.txt"]
    assert run.ensure() == []


def test_follows_the_lock(run: Run) -> None:
    run.ensure()
    lock = run.root / "envs" / "lock.txt"
    lock.write_text(lock.read_text() + "# changed\n")
    assert run.ensure() == ["uv lock.txt"]
    assert run.ensure() == []


def test_dev_tools_are_added_and_stay(run: Run) -> None:
    run.ensure()
    assert run.ensure(dev=True) == ["uv dev-lock.txt"]
    assert run.ensure() == []
    dev = run.root / "envs" / "dev-lock.txt"
    dev.write_text(dev.read_text() + "# changed\n")
    assert run.ensure() == ["uv dev-lock.txt"]


def test_falls_back_to_pip(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.uv_works = False
    assert run.ensure() == ["create", "uv lock.txt", "pip lock.txt"]
    assert run.ensure() == []


def test_failure_leaves_nothing_that_looks_whole(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.uv_works = run.pip_works = False
    with pytest.raises(SystemExit) as stopped:
        run.ensure()
    assert stopped.value.code == 2
    assert "HTTPS_PROXY" in capsys.readouterr().err
    run.uv_works = True
    assert run.ensure() == ["create", "uv lock.txt"]  # from the start: files of a package may be missing


@pytest.mark.parametrize("damage", ["half-made", "moved", "python gone", "other python", "torn stamp"])
def test_is_made_again_when_damaged(run: Run, damage: str) -> None:
    run.ensure()
    stamp = run.root / ".venv" / "lrwd-stamp.json"
    content = json.loads(stamp.read_text())
    if damage == "half-made":
        stamp.unlink()
    elif damage == "moved":
        stamp.write_text(json.dumps({**content, "folder": "/elsewhere/.venv"}))
    elif damage == "python gone":
        (run.root / ".venv" / "bin" / "python").unlink()
    elif damage == "other python":  # the interpreter behind the environment was replaced
        stamp.write_text(json.dumps({**content, "python": "3.1"}))
    else:
        stamp.write_text("{")
    assert run.ensure() == ["create", "uv lock.txt"]


def test_foreign_environment_is_left_alone(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    keep = run.root / ".venv" / "keep"
    keep.parent.mkdir()
    keep.touch()
    with pytest.raises(SystemExit):
        run.ensure()
    assert "was not made by this" in capsys.readouterr().err
    assert keep.exists()


def test_second_call_waits_for_the_first(run: Run) -> None:
    """A child holds the lock, as an installation does whose parent was killed."""
    (run.root / ".venv").mkdir()
    busy = run.root / ".venv" / "lrwd-busy"
    hold = (
        "import fcntl, sys; handle = open(sys.argv[1], 'w'); "
        "fcntl.flock(handle, fcntl.LOCK_EX); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(busy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        events = []

        def report(message: str) -> None:
            events.append(message)
            child.communicate("\n")  # the first call ends

        run.module.report = report
        with busy.open("w") as handle:
            run.module.wait_for(handle)
    assert events == ["another call is setting the environment up; waiting for it"]


def call(run: Run, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, run.root / "envs" / "run.py", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    )


def test_hands_over_to_the_command(run: Run) -> None:
    run.ensure()
    result = call(run, "sh", "-c", "echo $PATH; echo $VIRTUAL_ENV; exit 7", PYTHONDONTWRITEBYTECODE="1")
    assert result.returncode == 7
    path, folder = result.stdout.splitlines()
    assert path.split(os.pathsep)[0] == f"{run.root}/.venv/bin"
    assert folder == f"{run.root}/.venv"
    assert result.stderr == ""
    leak = "import os; print(sorted(set(os.environ) & {'PYTHONDONTWRITEBYTECODE', 'PYTHONPATH'}))"
    result = call(run, "python", "-c", leak, PYTHONDONTWRITEBYTECODE="1", PYTHONPATH="/elsewhere")
    assert result.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "usage:"),
        (["--verbose"], "usage:"),
        (["no-such-command"], "no command 'no-such-command'.*--dev"),
    ],
)
def test_says_what_is_wrong(run: Run, arguments: list[str], message: str) -> None:
    run.ensure()
    result = call(run, *arguments)
    assert result.returncode == 2
    assert re.search(message, result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("--configfile mine.yaml results/verdict.md", "--configfile mine.yaml -- results/verdict.md"),
        ("--configfile a.yaml b.yml plan --cores 1", "--configfile a.yaml b.yml --cores 1 -- plan"),
        ("--configfile mine.yaml -- plan", "--configfile mine.yaml -- plan"),
        ("--configfile=mine.yaml plan", "--configfile=mine.yaml plan"),
        ("plan --configfile mine.yaml", "plan --configfile mine.yaml"),
        ("--config study=paper --cores 1", "--config study=paper --cores 1"),
        ("--config study=paper a=1 design", "--config study=paper a=1 -- design"),
    ],
)
def test_targets_after_configuration_files_are_targets(run: Run, given: str, meant: str) -> None:
    assert run.module.with_targets_apart(["snakemake", *given.split()]) == ["snakemake", *meant.split()]
    assert run.module.with_targets_apart(["pytest", *given.split()]) == ["pytest", *given.split()]


def test_a_configuration_file_that_there_is_not(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.module.check_configfiles(["snakemake", "--configfile", "nowhere.yaml", "--", "verdict"])
    assert "--configfile: nowhere.yaml does not exist (looked in " in capsys.readouterr().err
    run.module.check_configfiles(["snakemake", "--configfile", str(SOURCE.parent / "train.yaml"), "nowhere", "-n"])
    run.module.check_configfiles(["pytest", "--configfile", "nowhere.yaml"])


def test_needs_a_bare_python_only() -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 6))  # so that old ones reach the message
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert all(name.partition(".")[0] in sys.stdlib_module_names for name in names), names


def test_old_python_is_told(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    run.module.sys = types.SimpleNamespace(version_info=(3, 9, 2), version="3.9.2 (default)", stderr=stream)
    with pytest.raises(SystemExit):
        run.module.check_platform()
    assert "needs Python 3.11 or newer; this is 3.9.2" in stream.getvalue()


def test_disk_is_checked_before_anything_is_deleted(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.module.NEEDED_GB = 10**9
    old = run.root / ".venv" / "old"
    old.mkdir(parents=True)
    with pytest.raises(SystemExit):
        run.really_create(0)
    assert "GB of disk" in capsys.readouterr().err
    assert old.exists()


def test_uv_is_installed_from_the_lock(run: Run) -> None:
    pinned = run.module.uv_requirement((run.root / "envs" / "lock.txt").read_text())
    assert re.fullmatch(r"uv==[\d.]+ \\\n(    --hash=sha256:[0-9a-f]{64}( \\)?\n)+", pinned)


def test_pip_settings_reach_uv(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    python = run.root / "python"
    python.write_text(
        "#!/bin/sh\ncat <<'END'\n"
        ":env:.index-url='https://mirror.example/simple'\n"
        "download.cert='/not/for/install.pem'\n"
        "global.cert='/etc/ca.pem'\n"
        "global.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'\n"
        "global.find-links='/wheels /more'\n"
        "global.index-url='https://overridden.example/simple'\n"
        "global.timeout='60'\n"
        "END\n"
    )
    python.chmod(0o755)
    run.module.PYTHON = python
    for name in run.module.UV_NAMES.values():
        monkeypatch.delenv(name, raising=False)
    expected = {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert run.module.uv_settings() == expected
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")  # uv's own setting wins
    assert "UV_DEFAULT_INDEX" not in run.module.uv_settings()


def test_python_without_venv_is_told_what_to_install(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.module.NEEDED_GB = 0
    run.module.has = lambda _module: False
    (run.root / ".venv").mkdir()
    with pytest.raises(SystemExit):
        run.really_create(0)
    assert f"python3.{sys.version_info[1]}-venv" in capsys.readouterr().err
