"""The rounds of a session's study: which are known, and what the rules ask for that follows from them."""

import re
from collections.abc import Callable
from pathlib import Path

from lrwd import registry
from lrwd.study.sequential import read_rounds
from lrwd.study.study import Study

# A table or figure that only sequential studies have says so: ONLY = "sequential".
_ONLY = re.compile(r'^ONLY = "sequential"$', re.MULTILINE)
# Path of the file of a round; it is made before the call returns, or Snakemake is told that it must be.
FileOf = Callable[[int], str]


class Rounds:
    """The rounds of a study; none of a study whose grid is fixed.

    Args:
        study: as configured.
    """

    def __init__(self, study: Study) -> None:
        self._study = self._known = study
        self._dates: list[int] = []
        self.pattern = study.rounds_pattern

    def known(self) -> Study:
        """The study with the cells of all rounds whose files are there by now."""
        files = (Path(self.pattern.format(round=number)) for number in range(1, self._study.num_rounds + 1))
        # Asked for every cell, so that files are read once only.
        dates = [file.stat().st_mtime_ns for file in files if file.exists()]
        if dates != self._dates:
            self._known, self._dates = self._study.known(), dates
        return self._known

    def at(self, files: list[str]) -> Study:
        """The study with the cells of the rounds in some files."""
        return self._study.at(read_rounds(files))

    def files(self, file_of: FileOf, before: int | None = None) -> list[str]:
        """The files of all rounds after round 0, up to that in which all networks have stopped.

        Args:
            file_of: called round by round.
            before: only those of rounds before this one.
        """
        files: list[str] = []
        for number in range(1, self._study.num_rounds + 1 if before is None else before):
            files.append(file_of(number))
            if read_rounds(files[-1:])[0].is_last:
                break
        return files

    def needed(self) -> list[str]:
        """Files that the table of runs is made of: those of the rounds known, and the next one."""
        study = self.known()
        number = len(study.rounds) + study.is_open
        return [self.pattern.format(round=index) for index in range(1, number + 1)]


def parts_of(folder: str, study: Study) -> list[str]:
    """Names of the tables or figures that a study has; read from the files, as importing them takes seconds."""
    names = registry.names(folder)
    if study.sequential:
        return names
    return [name for name in names if not _ONLY.search(Path(registry.PACKAGE, folder, f"{name}.py").read_text())]
