"""Paths below the results folder, and the canonical text of a number in a path."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrwd.study.cell import Cell

# Path of a cell below runs/, logs/ and checkpoints/, as a pattern for Snakemake's rules.
CELL_PATTERN = "{dataset}/{arch}/{recipe}/lr{lr}_wd{wd}_seed{seed}"


def number_text(value: float) -> str:
    """The canonical text of a number in a path: the shortest that reads back as the same double.

    The text does not depend on how the user wrote the number (``1e-3`` or ``0.001``), so each cell has one path.
    """
    text = repr(float(value) + 0.0)  # turns -0.0 into 0.0
    return text.removesuffix(".0")


def significant(value: float, digits: int = 6) -> float:
    """Round a number to significant digits, so that products of knobs have short texts in paths."""
    return float(f"{value:.{digits}g}")


def cell_name(cell: "Cell") -> str:
    """A cell's path below runs/, without suffix."""
    return CELL_PATTERN.format(
        dataset=cell.dataset,
        arch=cell.arch,
        recipe=cell.recipe,
        lr=number_text(cell.lr),
        wd=number_text(cell.wd),
        seed=cell.seed,
    )


def record_path(results: str, cell: "Cell") -> str:
    """Path of a cell's record."""
    return str(PurePosixPath(results, "runs", cell_name(cell) + ".json"))


def weights_path(results: str, cell: "Cell") -> str:
    """Path of a cell's final weights, if its recipe saves them."""
    return str(PurePosixPath(results, "weights", cell_name(cell) + ".pt"))


def manifest_path(results: str, dataset: str) -> str:
    """Path of a prepared data set's manifest, the last file that the preparation writes."""
    return str(PurePosixPath(results, "data", dataset, "manifest.json"))


def ratios_path(results: str, study: str) -> str:
    """Path of the estimated ratios lambda/eta of a study's on-ratio cells."""
    return str(PurePosixPath(results, "studies", study, "ratios.json"))


def rounds_path(results: str, study: str) -> str:
    """Pattern of the files with the choices of each round of a sequential study."""
    return f"{PurePosixPath(results, 'studies', study, 'rounds')}/{{round}}.json"
