"""Rewrites the pinned files from requirements.in and dev.in: both lock files and the two conda environments.

python3 envs/run.py --dev python envs/update.py               (changes as little as possible)
python3 envs/run.py --dev python envs/update.py --upgrade     (newest versions of everything)
"""

import subprocess
import sys
from pathlib import Path

ENVS = Path(__file__).resolve().parent
COMPILE = ["uv", "pip", "compile", "--quiet", "--universal", "--no-header", "--no-emit-index-url"]
# Left out: Snakemake runs outside a rule's conda environment, and uv is only used by run.py.
RUNNERS = {"snakemake", "snakemake-executor-plugin-slurm", "pygments", "uv"}
TRAINING = {"torch", "torchvision", "timm"}
CONDA_PYTHON = "3.12"


def uv(*arguments: str, text: str | None = None) -> str:
    """Run ``uv pip compile`` in this folder."""
    return subprocess.run(
        [*COMPILE, *arguments], input=text, cwd=ENVS, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def direct_requirements() -> list[str]:
    """The packages named in requirements.in."""
    lines = (ENVS / "requirements.in").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def write_conda(name: str, roots: list[str], use: str) -> None:
    """Write a conda environment with the roots and their dependencies, at the versions of lock.txt."""
    pins = uv(
        "--python-version", CONDA_PYTHON, "--no-annotate", "-c", "lock.txt", "-", text="\n".join(roots)
    ).splitlines()
    head = [
        f"# {use} For --sdm conda; written by envs/update.py with the versions of lock.txt.",
        "channels:",
        "  - conda-forge",
        "  - nodefaults",
        "dependencies:",
        f"  - python={CONDA_PYTHON}",
        "  - pip",
        "  - pip:",
    ]
    (ENVS / name).write_text("\n".join([*head, *(f'      - "{pin}"' for pin in pins)]) + "\n")


def main(arguments: list[str]) -> None:
    """Rewrite all four files."""
    locked = ["--python-version", "3.11", "--generate-hashes", "--no-emit-find-links", *arguments]
    uv(*locked, "requirements.in", "-o", "lock.txt")
    uv(*locked, "-c", "lock.txt", "dev.in", "-o", "dev-lock.txt")
    roots = [name for name in direct_requirements() if name not in RUNNERS]
    write_conda("train.yaml", roots, "What training needs.")
    rest = [name for name in roots if name not in TRAINING]
    write_conda("analysis.yaml", rest, "What statistics, tables and figures need: no torch.")


if __name__ == "__main__":
    main(sys.argv[1:])
