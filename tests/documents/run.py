"""Runs every command of README and docs once, in the environment that a user has.

    python3 tests/documents/run.py                      all documents
    python3 tests/documents/run.py docs/import-runs.md  some of them

A plain script, as pytest is not in that environment. A command runs in a copy of the repository whose config.yaml
names the study ``smoke`` and simulates little, so that commands for the configured study train for real. A document
that has its reader write a configuration gets a copy of its own, with that file and what it reads. CHANGES says which
commands are run in another way, and why.
"""

import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from copies import copy_repository
from documents import ROOT, Command, commands_of, documents, files_of

RUNNER = ROOT / "envs" / "run.py"
LIMIT_SEC = 900
SMALL = {
    "config.yaml": {"study": "smoke", "num_simulations": "5", "num_replicates": "5", "max_steps": "2"},
}
# What a document's study is cut down to, by document and file: a file that goes over its own.
IMAGES = """\
datasets: {my_images: {image_size: 32, test_size: 20, val_size: 20}}
recipes: {fashion: {epochs: 2, eval_every: 2, batch_size: 20, schedule: {warmup_epochs: 1}}}
"""
CUT = {
    ("config/README.md", "mine.yaml"): """\
study: demo
studies: {demo: {architectures: [mixer_digits], grid: {wd: [0.3, 3, 30]}, seeds: [0], on_ratio: {kappas: [1]}}}
recipes: {short: {epochs: 2, eval_every: 2}, wrong_labels: {epochs: 2, eval_every: 2}}
""",
    ("config/README.md", "images.yaml"): IMAGES,
    ("docs/data.md", "mine.yaml"): """\
studies: {mine: {grid: {lr: [1.0e-3, 3.0e-3], wd: [0.01, 0.1, 1]}, seeds: [0], on_ratio: {kappas: [1]}}}
datasets: {my_images: {image_size: 32, test_size: 20, val_size: 20}}
recipes: {fashion: {eval_every: 2, batch_size: 20, schedule: {warmup_epochs: 1}}, my_recipe: {epochs: 2}}
""",
    ("docs/usage.md", "mine.yaml"): """\
studies: {mine: {grid: {lr: [0.005, 0.02], wd: [0.3, 3, 30]}, seeds: [0], on_ratio: {kappas: [1]}}}
recipes: {mine: {epochs: 2, eval_every: 2}}
""",
}


@dataclass(frozen=True)
class Change:
    """Another way to run the commands that a pattern finds.

    Args:
        pattern: of the command's words, joined by spaces.
        why: the reason.
        options: go behind the program.
        targets: go to the end, where the command names none.
        skip: not run at all.
    """

    pattern: str
    why: str
    options: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    skip: bool = False


# The first one that fits counts.
CHANGES = (
    Change(r"^\.ci/run$", "runs this script itself", skip=True),
    Change(r"^pytest\b", ".ci/run calls it", skip=True),
    Change(r"^python envs/update\.py", "would rewrite the locks by what the package index has today", skip=True),
    Change(r"^python benchmarks/cluster\.py", "needs a SLURM cluster and twenty minutes", skip=True),
    Change(r"^python benchmarks/", "takes half an hour, or a GPU", options=("--help",)),
    Change(r"--sdm conda", "needs conda, and downloads an environment of gigabytes", skip=True),
    Change(r"--profile profiles/slurm", "there is no SLURM here; tests/slurm submits for real", options=("-n",)),
    Change(r"^snakemake -n\b", "as it stands"),
    Change(r"-- design$", "as it stands, with few simulations"),
    Change(r"study=(paper|fashion|optimizers|sequential_demo)\b", "minutes to months of training", options=("-n",)),
    Change(r"-- plan$", "cut down"),
    Change(r"-- theory$", "three minutes of training; tests/workflow makes a small one", options=("-n",)),
    Change(r"results/runs/digits_600/vit_digits/", "a cell of the demo", options=("--config", "study=demo")),
    Change(
        r"--configfile \w+\.yaml small-",
        "cut down, and one table, as it trains for minutes to hours",
        targets=("results/tables/table1.csv",),
    ),
)


def main(names: list[str]) -> int:
    """Run the commands; the exit status is 1 if one failed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = [path for path in documents() if not names or str(path.relative_to(ROOT)) in names]
    done: dict[tuple[Path | str, ...], str] = {}
    failed = []
    with tempfile.TemporaryDirectory(prefix="lrwd-documents-", ignore_cleanup_errors=True) as place:
        shared = copy_of_the_repository(Path(place) / "shared")
        for document in chosen:
            own = own_copy(document, Path(place))
            for command in commands_of(document):
                folder = own if set(files_of(document)) & set(command.words) else shared
                words, told = changed(command)
                if words is None or (folder, *words) in done:
                    reason = told if words is None else f"run at {done[folder, *words]}"
                    print(f"     –   {command.where}: {command.text}  [{reason}]", flush=True)
                    continue
                done[folder, *words] = command.where
                started = time.monotonic()
                output = run(words, folder)
                note = f"  [{told}: {' '.join(words)}]" if told else ""
                took = time.monotonic() - started
                print(f"{took:6.1f} s {command.where}: {command.text}{note}", flush=True)
                if output is not None:
                    failed.append(command.where)
                    print(f"FAILED:\n{output[-6000:]}", flush=True)
    print(f"documents: {len(done)} commands run, {len(failed)} failed {failed or ''}".rstrip())
    return bool(failed)


def changed(command: Command) -> tuple[tuple[str, ...] | None, str]:
    """The words that are run, None where nothing is; and why they are not those of the document."""
    words = list(command.words)
    for name in files_of(command.document):
        if name in words and (str(command.document.relative_to(ROOT)), name) in CUT:
            words.insert(words.index(name) + 1, f"small-{name}")
    for change in CHANGES:
        if re.search(change.pattern, " ".join(words)):
            if change.skip:
                return None, f"skipped: {change.why}"
            at = 2 if words[0] == "python" else 1
            words[at:at] = change.options
            words += ["--", *change.targets] if change.targets and "--" not in words else []
            return tuple(words), change.why if tuple(words) != command.words else ""
    return tuple(words), ""


def run(words: tuple[str, ...], folder: Path) -> str | None:
    """Run a command as ``python3 envs/run.py`` does; its output if it failed, otherwise None."""
    command = [sys.executable, str(RUNNER), *words]
    output = folder / "output.log"
    with output.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            status = process.wait(LIMIT_SEC)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            return f"{output.read_text(errors='replace')}\nno end within {LIMIT_SEC} s"
    return output.read_text(errors="replace") if status else None


def copy_of_the_repository(folder: Path) -> Path:
    """A copy whose configured study is small."""
    copy_repository(folder)
    for name, values in SMALL.items():
        text = (folder / name).read_text()
        for key, value in values.items():
            text, count = re.subn(rf"^( *{key}:) \S+", rf"\g<1> {value}", text, flags=re.MULTILINE)
            if count != 1:
                raise SystemExit(f"{name} has {count} lines with {key!r}, not one")
        (folder / name).write_text(text)
    return folder


def own_copy(document: Path, place: Path) -> Path:
    """A copy with the files that a document has its reader write, and with what these read."""
    name = str(document.relative_to(ROOT))
    folder = place / name.replace("/", "-")
    files = {file: text for file, text in files_of(document).items() if file.endswith(".yaml")}
    if not files:
        return folder
    copy_of_the_repository(folder)
    make_images(folder / "images")
    (folder / "sweep.csv").write_text(sweep())
    for file, text in files.items():
        (folder / file).write_text(text.replace("/path/to/images", "images"))
        if (name, file) in CUT:
            (folder / f"small-{file}").write_text(CUT[name, file])
    return folder


def sweep() -> str:
    """A sweep of two networks: the best wd is 0.03 at each of five lr."""
    rows = ["arch,dataset,lr,wd,seed,test_top1"]
    for arch in ("resnet50", "vit_s16"):
        for lr in (0.0003, 0.001, 0.003, 0.01, 0.03):
            for power, wd in enumerate((0.001, 0.003, 0.01, 0.03, 0.1, 0.3)):
                for seed in range(3):
                    noise = (hash((power, seed, lr)) % 101 - 50) / 25_000
                    rows.append(f"{arch},cifar100,{lr},{wd},{seed},{0.76 - 0.004 * (power - 3) ** 2 + noise:.4f}")
    return "\n".join(rows) + "\n"


def make_images(folder: Path) -> None:
    """Two classes of fifty images of 32 x 32 pixels: dark ones and bright ones."""
    for number, name in enumerate(("cats", "dogs")):
        (folder / name).mkdir(parents=True)
        for image in range(50):
            (folder / name / f"{image}.png").write_bytes(png(32, 60 + 120 * number + image))


def png(side: int, grey: int) -> bytes:
    """A grey square as a PNG file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)  # 8 bits, three colours
    pixels = zlib.compress((b"\0" + bytes([grey] * 3) * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
