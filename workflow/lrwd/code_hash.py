"""Hashes of what the code says, blind to comments, docstrings and layout: what changes them makes results anew."""

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lrwd.record import RECORD_VERSION

PACKAGE = Path(__file__).parent
CALIBRATION = ("train/calibrate.py", "train/memory_use.py", "train/synthetic.py")
# How a cell is started and what it will cost, not what it computes.
NOT_COMPUTING = {"train/worker.py", *CALIBRATION}
# Of data/ only what a training calls; the rest prepares, and shows in the manifest.
TRAINING_READS = ("data/_label_noise.py", "data/_prepared.py", "data/_subsample.py")


def training_code(spec: Mapping[str, Any]) -> str:
    """Hash of the code that a cell's result depends on.

    Taken are the training loop, the shared modules of each kind of part, and the parts that the cell names; so a new
    optimizer's file changes no cell that does not use it. Data sets enter through their manifest instead.

    Args:
        spec: the cell's spec.

    Returns:
        A SHA-256 in hexadecimal.
    """
    parts = [f"models/{spec['arch']['model']}.py"]
    for recipe in (spec["recipe"], *([spec["base"]] if "base" in spec else [])):
        parts += [
            f"optim/{recipe['optimizer']['name']}.py",
            f"schedules/{recipe['schedule']['name']}.py",
            *sorted(f"augment/{step['name']}.py" for step in recipe["augment"][spec["arch"]["kind"]]),
        ]
    return _hash((*_shared_files(), *dict.fromkeys(parts)))


def calibration_code(spec: Mapping[str, Any]) -> str:
    """Hash of the code that a cell's cost depends on, and of what measures it."""
    return hashlib.sha256(f"{training_code(spec)}{_hash(CALIBRATION)}".encode()).hexdigest()


def preparation_code(source: str) -> str:
    """Hash of the code that prepares a data source."""
    return _hash(("registry.py", *_glob("data", "_*.py"), f"data/{source}.py"))


def analysis_code() -> str:
    """Hash of the code that turns records into tables."""
    return _hash(_analysis_files())


def verdict_code() -> str:
    """Hash of the code that words the verdict, and of what its tables are made by."""
    return _hash((*_analysis_files(), *_glob(".", "verdict*.py"), "wording.py", "page.py"))


def figure_code(name: str, folder: str = "plots") -> str:
    """Hash of the code that draws a figure."""
    shared = () if folder == "plots" else _glob(folder, "_*.py")
    return _hash(("paper.py", *_glob("plots", "_*.py"), *shared, f"{folder}/{name}.py"))


def plan_code() -> str:
    """Hash of the code that makes the table of what a study will cost."""
    return _hash(("plan.py", *_glob("tables", "*.py")))


def theory_code(table: str) -> str:
    """Hash of the code that makes a theory table."""
    # Schedules, as tables set those of practice beside those that a post derives.
    folders = ("stats", "theory", "tables", "schedules")
    single = ["seeds.py", "registry.py", "paper.py", "analysis/_undefined.py"]
    shared = [*single, *(name for folder in folders for name in _glob(folder, "*.py"))]
    return _hash((*shared, *_glob("theory_tables", "_*.py"), f"theory_tables/{table}.py"))


def theory_page_code() -> str:
    """Hash of the code that words the page on the posts' claims."""
    return _hash((*_glob("theory_tables", "*.py"), "theory_page.py", "wording.py", "page.py"))


def _analysis_files() -> tuple[str, ...]:
    folders = [name for folder in ("stats", "analysis", "tables") for name in _glob(folder, "*.py")]
    return ("collect.py", "foreign.py", "imported.py", "paper.py", *folders)


@cache
def _shared_files() -> tuple[str, ...]:
    files = ["seeds.py", "subsample.py", "registry.py", *TRAINING_READS, *_glob("train", "*.py")]
    for folder in ("augment", "models", "optim", "schedules"):
        files += _glob(folder, "_*.py")
    return tuple(name for name in files if name not in NOT_COMPUTING)


def _glob(folder: str, pattern: str) -> list[str]:
    return sorted(f"{folder}/{path.name}" for path in (PACKAGE / folder).glob(pattern))


@cache
def _hash(files: tuple[str, ...]) -> str:
    digest = hashlib.sha256(f"records of version {RECORD_VERSION}\n".encode())
    for name in files:
        digest.update(f"{name}\n{meaning(PACKAGE / name)}\n".encode())
    return digest.hexdigest()


@cache
def meaning(path: Path) -> str:
    """A file's syntax tree as text: what it says, without comments, docstrings and layout."""
    return _dump(ast.parse(path.read_text()))


def _dump(node: Any) -> str:
    """Write a syntax tree out; empty fields are left out, so that newer Pythons' added ones change nothing."""
    if isinstance(node, list):
        return "[" + ",".join(map(_dump, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _is_docstring(node):
        fields["body"] = fields["body"][1:]
    kept = [f"{key}={_dump(value)}" for key, value in fields.items() if value not in (None, [])]
    return f"{type(node).__name__}({','.join(kept)})"


def _is_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None
