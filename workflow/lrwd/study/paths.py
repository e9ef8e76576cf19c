"""Where things lie under the results folder, and the one way in which a number is written in a path."""

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrwd.study.cell import Cell

# The pattern of a cell's path below runs/, logs/ and checkpoints/, as Snakemake's rules write it.
CELL_PATTERN = "{dataset}/{arch}/{recipe}/lr{lr}_wd{wd}_seed{seed}"


def number_text(value: float) -> str:
    """The canonical text of a number in a path: the shortest that reads back as the same double.

    One number has one text, whatever way a user wrote it (``1e-3``, ``0.001``), so that a cell has one path.
    """
    text = repr(float(value) + 0.0)  # -0.0 is 0 too
    return text.removesuffix(".0")


def significant(value: float, digits: int = 6) -> float:
    """A number rounded to significant digits, so that products of knobs have short texts in paths."""
    return float(f"{value:.{digits}g}")


def cell_name(cell: "Cell") -> str:
    """A cell's path below runs/ without its suffix."""
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
    """Path of a cell's final weights, if its recipe keeps them."""
    return str(PurePosixPath(results, "weights", cell_name(cell) + ".pt"))


def manifest_path(results: str, dataset: str) -> str:
    """Path of a prepared data set's manifest, which is written last."""
    return str(PurePosixPath(results, "data", dataset, "manifest.json"))


def ratios_path(results: str, study: str) -> str:
    """Path of the ratios lambda/eta on which a study's on-ratio runs lie."""
    return str(PurePosixPath(results, "studies", study, "ratios.json"))


def rounds_path(results: str, study: str) -> str:
    """Pattern of the files that hold what each round of a sequential study has chosen."""
    return f"{PurePosixPath(results, 'studies', study, 'rounds')}/{{round}}.json"
