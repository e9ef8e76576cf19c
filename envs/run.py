"""Runs a command in this repository's pinned environment (.venv), which is created on first use.

    python3 envs/run.py snakemake --cores all
    python3 envs/run.py --dev pytest            (installs the test tools too)

Requires only Python 3.11 or newer. The first call downloads and installs the packages in envs/lock.txt and checks the
hash of every file. Later calls start the command at once. If the lock file has changed, the environment is updated. An
interrupted installation is repeated by the next call. If two calls run at once, the second waits for the first. To
remove everything, or to use another Python, delete .venv.
"""

import ast
import errno
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / "envs"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Written last and deleted first, so an environment without this file is incomplete.
STAMP = VENV / "lrwd-stamp.json"
BUSY = VENV / "lrwd-busy"
LOCK, DEV_LOCK = ENVS / "lock.txt", ENVS / "dev-lock.txt"
# Measured, plus a margin. On Linux, torch includes the CUDA libraries.
NEEDED_GB = 8 if sys.platform == "linux" else 3
# These variables make Python use packages of other environments, or compile every module at each start.
UNWANTED = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "__PYVENV_LAUNCHER__")
# uv's names of pip settings that are used in restricted networks.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def report(message: str) -> None:
    """Print a message on stderr, to keep it separate from the command's output."""
    print(f"envs/run.py: {message}", file=sys.stderr, flush=True)


def stop(message: str) -> None:
    """Exit with a message that explains what to do."""
    report(message)
    raise SystemExit(2)


def check_platform() -> None:
    """Exit if the Python version or the operating system is not supported."""
    if os.name != "posix":
        stop("needs Linux or macOS; on Windows use WSL.")
    if sys.version_info < (3, 11):  # noqa: UP036 (the user's Python may be older)
        found = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
        advice = f"Run: {found[0]} envs/run.py …" if found else "Install one, or load its module."
        stop(f"needs Python 3.11 or newer; this is {sys.version.split()[0]}. {advice}")


def environment() -> dict:
    """Environment variables for commands, without those that would make packages of other environments visible."""
    return {key: value for key, value in os.environ.items() if key not in UNWANTED}


def read_stamp() -> dict:
    """Read the environment's stamp. Empty if the environment is missing, incomplete or moved, or its Python is gone."""
    try:
        stamp = json.loads(STAMP.read_text())
        version = subprocess.run(
            [PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
            env=environment(),
        ).stdout.strip()
    except (OSError, ValueError, subprocess.CalledProcessError):
        return {}
    return stamp if (stamp["folder"], stamp["python"]) == (str(VENV), version) else {}


def wanted_stamp(lock: Path) -> dict:
    """The stamp of an environment made from this lock file."""
    return {
        "folder": str(VENV),
        "python": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "lock": lock.name,
        "sha256": hashlib.sha256(lock.read_bytes()).hexdigest(),
    }


def wanted_lock(stamp: dict, dev: bool) -> Path:
    """The lock file to install. Once the test tools are installed, they are kept."""
    return DEV_LOCK if dev or stamp.get("lock") == DEV_LOCK.name else LOCK


def is_current(stamp: dict, lock: Path) -> bool:
    """Whether the environment was made from this lock file, by any Python version."""
    wanted = wanted_stamp(lock)
    return all(stamp.get(key) == wanted[key] for key in ("lock", "sha256"))


def ensure(dev: bool) -> None:
    """Create the environment, or update it to the lock file."""
    stamp = read_stamp()
    if is_current(stamp, wanted_lock(stamp, dev)):
        return
    if VENV.exists() and not BUSY.exists() and any(VENV.iterdir()):
        stop(f"{VENV} was not made by this script; delete it or move it away, and start again.")
    VENV.mkdir(exist_ok=True)
    with BUSY.open("w") as handle:
        wait_for(handle)
        stamp = read_stamp()  # another call may have made it in the meantime
        lock = wanted_lock(stamp, dev)
        if is_current(stamp, lock):
            return
        started = time.monotonic()
        STAMP.unlink(missing_ok=True)
        if not stamp:
            create(handle.fileno())
        if not (install_with_uv(lock, handle.fileno()) or install_with_pip(lock, handle.fileno())):
            stop(
                "could not install; the reason is above. Behind a proxy or a mirror, configure pip first "
                "(HTTPS_PROXY, PIP_INDEX_URL, PIP_CERT). If the home folder has a quota, set UV_CACHE_DIR "
                "to a folder with enough space. The lock is tested with Python 3.11 to 3.13. Then start again; "
                "downloaded files are kept."
            )
        made = {**wanted_stamp(lock), "python": stamp.get("python", wanted_stamp(lock)["python"])}
        temporary = STAMP.with_suffix(".tmp")
        temporary.write_text(json.dumps(made, indent=1) + "\n")
        temporary.replace(STAMP)
        report(f"environment ready after {time.monotonic() - started:.0f} s")


def wait_for(handle) -> None:
    """Hold the environment's lock until the handle is closed here and in every child that inherits it."""
    import fcntl  # does not exist on Windows, so check_platform() must run first

    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another call is setting the environment up; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        report("this file system has no locks: start no second call until the environment is ready")


def run(command: list, descriptor: int, **variables: str) -> bool:
    """Run a step of the installation with its output on stderr.

    The child inherits the lock. If this process is killed and the child continues, no other call can write to .venv.
    """
    return (
        subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            pass_fds=(descriptor,),
            env={**environment(), **variables},
            cwd=ENVS,
        ).returncode
        == 0
    )


def create(descriptor: int) -> None:
    """Create an empty environment and remove the remains of an older one."""
    free = shutil.disk_usage(VENV).free / 1e9
    if free < NEEDED_GB:
        stop(f"needs {NEEDED_GB} GB of disk for {VENV}; {free:.1f} GB are free.")
    report(f"making .venv with Python {sys.version.split()[0]}: once, some minutes, up to {NEEDED_GB} GB")
    for path in VENV.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != BUSY:  # the lock file of this call
            path.unlink()
    # Some Linux distributions have ensurepip, which venv needs, in a separate package.
    makers = [name for name, part in (("venv", "ensurepip"), ("virtualenv", "virtualenv")) if has(part)]
    if not any(run([sys.executable, "-m", maker, VENV], descriptor) for maker in makers):
        stop(
            "this Python cannot make environments. Install its venv package (on Debian or Ubuntu: "
            f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv), or virtualenv "
            f"({sys.executable} -m pip install virtualenv), and start again."
        )


def has(module: str) -> bool:
    """Whether this Python has the module installed."""
    return importlib.util.find_spec(module) is not None


def install_with_uv(lock: Path, descriptor: int) -> bool:
    """Install the lock file with the uv version that it pins. For torch, uv is several times faster than pip."""
    pinned = VENV / "uv.txt"
    pinned.write_text(uv_requirement(lock.read_text()))
    report(f"installing {lock.name}")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    if not run([*pip, "--require-hashes", "--no-deps", "-r", pinned], descriptor, PIP_USER="0"):
        return False
    sync = [VENV / "bin" / "uv", "pip", "sync", "--require-hashes", "--compile-bytecode", "--python", PYTHON]
    return run([*sync, lock], descriptor, **uv_settings())


def install_with_pip(lock: Path, descriptor: int) -> bool:
    """Install the lock file with pip, after uv has failed."""
    report("uv failed; trying pip, which is slower")
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes"]
    return run([*pip, "-r", lock], descriptor, PIP_USER="0")


def uv_requirement(text: str) -> str:
    """The lines of the lock file that pin uv, with their hashes."""
    found = re.search(r"^uv==.*\\\n(?:    --hash=.*\n)+", text, re.MULTILINE)
    if found is None:
        raise ValueError("the lock does not pin uv")
    return found.group()


def uv_settings() -> dict:
    """Translate pip's configuration (mirror, proxy certificate) to variables for uv, which does not read it."""
    listing = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, env=environment()
    ).stdout
    settings = {}
    # Environment variables come last, since they take precedence in pip.
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        section, _, option = key.rpartition(".")
        name = UV_NAMES.get(option)
        if section in ("global", "install", ":env:") and name and name not in os.environ:
            # pip separates several values by spaces or lines, uv find-links by commas.
            words = str(ast.literal_eval(value)).split()
            settings[name] = ("," if name == "UV_FIND_LINKS" else " ").join(words)
    if "UV_INDEX" in settings:
        # Search all indexes, as pip does. This is safe, since all hashes are pinned.
        settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return settings


# Snakemake options that take all words up to the next option, and the endings or parts by which their values are
# recognised.
GREEDY = {"--configfile": (".yaml", ".yml", ".json"), "--configfiles": (".yaml", ".yml", ".json"), "--config": ("=",)}


def with_targets_apart(command: list) -> list:
    """Separate the targets of a snakemake command, which --configfile and --config would otherwise consume."""
    if Path(command[0]).name != "snakemake" or "--" in command:
        return command
    kept, targets, marks = [], [], ()
    for word in command:
        if word.startswith("-"):
            marks = GREEDY.get(word, ())
        target = marks and not word.startswith("-") and not any(mark in word for mark in marks)
        (targets if target else kept).append(word)
    return [*kept, "--", *targets] if targets else command


def check_configfiles(command: list) -> None:
    """Exit if a file after --configfile does not exist; Snakemake would print a traceback."""
    if Path(command[0]).name != "snakemake":
        return
    reading = False
    for word in command[1:]:
        if word.startswith("-"):
            reading = word in ("--configfile", "--configfiles")
        elif reading and word.endswith(GREEDY["--configfile"]) and "://" not in word and not Path(word).exists():
            stop(f"--configfile: {word} does not exist (looked in {Path.cwd()}).")


def main(arguments: list) -> None:
    """Create or update the environment if necessary, and replace this process by the command."""
    check_platform()
    dev = arguments[:1] == ["--dev"]
    command = arguments[1:] if dev else arguments
    if not command or command[0].startswith("-"):
        stop("usage: python3 envs/run.py [--dev] COMMAND [ARGUMENT…], such as: snakemake --cores all")
    command = with_targets_apart(command)
    check_configfiles(command)
    try:
        ensure(dev)
    except OSError as error:
        stop(f"{error}. Is the disk full, or {ROOT} read-only?")
    except KeyboardInterrupt:
        stop("interrupted; the next call starts the environment again.")
    variables = environment()
    variables["VIRTUAL_ENV"] = str(VENV)
    variables["PATH"] = f"{VENV / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    try:
        os.execvpe(command[0], command, variables)
    except FileNotFoundError:
        advice = "" if dev else " For the test tools use: envs/run.py --dev …"
        stop(f"no command {command[0]!r} in .venv/bin or on the PATH.{advice}")


if __name__ == "__main__":
    main(sys.argv[1:])
