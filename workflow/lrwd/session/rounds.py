"""The rounds of a session's study: the rounds known so far, and the files that the rules need for them."""

import re
from collections.abc import Callable
from pathlib import Path

from lrwd import registry
from lrwd.study.sequential import read_rounds
from lrwd.study.study import Study

# A file with this line, ONLY = "sequential", is a table or figure for sequential studies.
_ONLY = re.compile(r'^ONLY = "sequential"$', re.MULTILINE)
# Returns the path of a round's file. If the file does not exist, the call raises, and Snakemake makes the file first.
FileOf = Callable[[int], str]


class Rounds:
    """The rounds of a study. A study with a fixed grid has no rounds.

    Args:
        study: the configured study.
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
        """The study with the cells of the rounds in the given files."""
        return self._study.at(read_rounds(files))

    def files(self, file_of: FileOf, before: int | None = None) -> list[str]:
        """The files of all rounds after round 0, up to the one in which all networks have stopped.

        Args:
            file_of: called for one round after the other.
            before: if given, only rounds before this one.
        """
        files: list[str] = []
        for number in range(1, self._study.num_rounds + 1 if before is None else before):
            files.append(file_of(number))
            if read_rounds(files[-1:])[0].is_last:
                break
        return files

    def needed(self) -> list[str]:
        """Files from which the table of runs is made: those of the known rounds, and the next one."""
        study = self.known()
        number = len(study.rounds) + study.is_open
        return [self.pattern.format(round=index) for index in range(1, number + 1)]


def parts_of(folder: str, study: Study) -> list[str]:
    """Names of the tables or figures of a study. Read from the files' text, as importing them takes seconds."""
    names = registry.names(folder)
    if study.sequential:
        return names
    return [name for name in names if not _ONLY.search(Path(registry.PACKAGE, folder, f"{name}.py").read_text())]
