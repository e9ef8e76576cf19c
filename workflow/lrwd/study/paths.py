"""Paths below the results folder, and the canonical text of a number in a path."""

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from lrwd.errors import ConfigError

if TYPE_CHECKING:
    from lrwd.study.cell import Cell

# Path of a cell below runs/, logs/ and checkpoints/, as a pattern for Snakemake's rules.
CELL_PATTERN = "{dataset}/{arch}/{recipe}/lr{lr}_wd{wd}_seed{seed}"
# Tables of replications that come with the code; not below the results folder, which a user may delete.
REPLICATIONS = Path(__file__).parents[2] / "resources" / "replications"


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


def replications_path(study: str, source: str, folder: Path = REPLICATIONS) -> str:
    """Path of the table of a study's committed replications.

    Args:
        study: name of the study.
        source: the configuration's file, for the message.
        folder: of the tables.

    Raises:
        ConfigError: the study has none.
    """
    path = folder / f"{study}.csv"
    if not path.exists():
        names = ", ".join(sorted(one.stem for one in folder.glob("*.csv"))) or "none"
        raise ConfigError(
            f"{source}: study: {study!r} has no committed replications to compare with. Studies that have: {names}"
        )
    return str(path)


def ridge_tables(results: str) -> list[str]:
    """Paths of the tables of ridges below a folder of results, the default study's first."""
    root = Path(results)
    own = [root / "tables" / "ridge.csv"]
    others = sorted(root.glob("studies/*/tables/ridge.csv"))
    return [str(path) for path in [*own, *others] if path.exists()]
