"""Hashes of code. A result is computed again when one of its hashes changes.

A hash ignores comments, docstrings and layout. It covers some files and, recursively, all modules of this package that
they import.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
# The modules that write all tables and save all figures.
WRITES_TABLES, SAVES_FIGURES = "tables/_write.py", "figures/_style.py"


def training_code(spec: Mapping[str, Any]) -> str:
    """Hash of the code that a cell's result depends on.

    It covers the training code and the parts that the cell uses. A new optimizer file therefore does not affect cells
    that do not use it. Data sets are not covered; they are identified by their manifest.

    Args:
        spec: the cell's spec.

    Returns:
        A SHA-256 in hexadecimal.
    """
    return code_of("train/cell.py", *_parts_of(spec))


def measurement_code(spec: Mapping[str, Any]) -> str:
    """Hash of the code that measures a cell's cost, including the training code."""
    return code_of("plan/measure.py", "data/_synthetic.py", *_parts_of(spec))


def preparation_code(source: str) -> str:
    """Hash of the code that prepares a data source."""
    return code_of("data/_prepare.py", f"data/{source}.py")


def runs_code() -> str:
    """Hash of the code that collects or imports runs, and estimates the ratio of on-ratio cells."""
    return code_of("runs/collect.py", "runs/external.py", "tables/table1.py")


def table_code(table: str) -> str:
    """Hash of the code that computes a table from the runs."""
    return code_of(f"tables/{table}.py", WRITES_TABLES)


def rounds_code() -> str:
    """Hash of the code that chooses the cells of a sequential study's rounds."""
    return code_of("design/rounds.py")


def design_code() -> str:
    """Hash of the code that simulates the statistical power of a grid."""
    return code_of("design/identifiability.py", "design/calibration.py", WRITES_TABLES)


def plan_code() -> str:
    """Hash of the code that makes the table of a study's predicted cost."""
    return code_of("plan/table.py", WRITES_TABLES)


def figure_code(figure: str) -> str:
    """Hash of the code that draws a figure.

    Args:
        figure: its file below the package, such as ``figures/forest.py``.
    """
    return code_of(figure, SAVES_FIGURES)


def verdict_code() -> str:
    """Hash of the code that writes the verdict."""
    return code_of("reports/verdict.py", "reports/html.py")


def replicate_code() -> str:
    """Hash of the code that compares a study with its committed replications."""
    return code_of("reports/replicate.py")


def summary_code() -> str:
    """Hash of the code that summarises all studies."""
    return code_of("reports/summary.py", SAVES_FIGURES)


def theory_code(table: str) -> str:
    """Hash of the code that computes a theory table."""
    # Some tables compare common schedules, which are loaded by name, with the derived ones.
    return code_of(f"theory/tables/{table}.py", *_files_in("schedules"), WRITES_TABLES)


def theory_page_code() -> str:
    """Hash of the code that writes the page on the posts' claims."""
    return code_of("theory/page.py", "reports/html.py", *_files_in("theory/tables"))


@cache
def code_of(*files: str) -> str:
    """Hash of some files and of everything that they import from this package, directly or indirectly.

    Args:
        files: paths below the package, such as ``tables/ridge.py``.

    Returns:
        A SHA-256 in hexadecimal.
    """
    digest = hashlib.sha256()
    for name in sorted(imported_by(*files)):
        digest.update(f"{name}\n{meaning(PACKAGE / name)}\n".encode())
    return digest.hexdigest()


def imported_by(*files: str) -> set[str]:
    """The files themselves and those that they import from this package, at any depth; paths below the package."""
    seen: set[str] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += _imports(PACKAGE / file)
    return seen


@cache
def _imports(path: Path) -> tuple[str, ...]:
    """Files of the package that a file imports, including imports inside functions."""
    found: dict[str, None] = {}
    for node in ast.walk(_parsed(path.read_text())):
        for name in _imported_names(node):
            if name.split(".")[0] == PACKAGE.name:
                base = PACKAGE.joinpath(*name.split(".")[1:])
                for file in (base.with_suffix(".py"), base / "__init__.py"):
                    if file.is_file() and file.parent != PACKAGE.parent:
                        found[file.relative_to(PACKAGE).as_posix()] = None
    return tuple(found)


def _imported_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module
        # The imported name may be a module.
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _parts_of(spec: Mapping[str, Any]) -> list[str]:
    """Files of the parts that a cell and its base cell use."""
    parts = [f"models/{spec['arch']['model']}.py"]
    for recipe in (spec["recipe"], *([spec["base"]] if "base" in spec else [])):
        parts += [
            f"optim/{recipe['optimizer']['name']}.py",
            f"schedules/{recipe['schedule']['name']}.py",
            *sorted(f"augment/{step['name']}.py" for step in recipe["augment"][spec["arch"]["kind"]]),
        ]
    return parts


@cache
def _files_in(folder: str) -> tuple[str, ...]:
    return tuple(sorted(f"{folder}/{path.name}" for path in (PACKAGE / folder).glob("*.py")))


@cache
def meaning(path: Path) -> str:
    """A file's syntax tree as text, without comments, docstrings and layout."""
    return _meaning(path.read_text())


# Cached by content, so that each file is parsed once.
@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def _meaning(text: str) -> str:
    return _dump(_parsed(text))


def _dump(node: Any) -> str:
    """Write a syntax tree as text. Empty fields are left out, so that fields added by newer Python versions are too."""
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
