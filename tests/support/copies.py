"""Copies of the repository."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# At its top; what is made there.
MADE = {".git", ".venv", ".snakemake", ".mypy_cache", ".ruff_cache", ".pytest_cache", "results", "data", "shared"}


def copy_repository(folder: Path) -> None:
    """Copy the whole repository, without what git and the tools keep and without results."""

    def left_out(place: str, names: list[str]) -> set[str]:
        return (MADE if Path(place) == ROOT else set()) & set(names) | {"__pycache__"}

    shutil.copytree(ROOT, folder, ignore=left_out)
