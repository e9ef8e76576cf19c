"""Says beforehand that a study of the user's own replaces another study's tables and figures in the results folder."""

from pathlib import Path

from lrwd.study.defaults import read_library
from lrwd.study.study import Study


def overwrite_notice(study: Study) -> str | None:
    """A line for the first start of a study of the user's own in the repository's results folder; else None.

    Tables and figures always belong to the configured study; those of the repository's default study are committed.
    """
    library = read_library()
    own_folder = study.results != library["results"]
    first_start = not Path(study.results, "studies", study.name, "runs.csv").exists()
    tables = Path(study.results, "tables")
    if study.name in library["studies"] or own_folder or not first_start or not any(tables.glob("*.csv")):
        return None
    return (
        f"study {study.name}: its tables, figures and verdict replace those of another study in {study.results}/. To "
        f"keep these, give it a folder of its own: `results: {study.results}/{study.name}` in your configuration"
    )
