"""One start of Snakemake: the configured study as paths, specs and jobs, for rules that hold no logic themselves."""

import contextlib
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lrwd import registry
from lrwd.cluster.adopt import adoption_summary, left_behind
from lrwd.cluster.controller import take_control
from lrwd.cluster.site import Site
from lrwd.cluster.status import start_command
from lrwd.code_hash import measurement_code, training_code
from lrwd.design.warn import grid_warnings
from lrwd.errors import ConfigError
from lrwd.execution.launcher import bind_children
from lrwd.execution.preflight import check_parts_once, check_writable
from lrwd.execution.progress import report_progress
from lrwd.runs.failed import set_aside_failed
from lrwd.runs.missing import note_missing
from lrwd.runs.record import set_aside_torn
from lrwd.session.jobs import Jobs
from lrwd.session.resources import Resources
from lrwd.session.rounds import Rounds, parts_of
from lrwd.study.cell import Cell
from lrwd.study.load import load_study
from lrwd.study.lookup import find_cell
from lrwd.study.paths import CELL_PATTERN, manifest_path, ratios_path, record_path
from lrwd.study.requirements import check_demands, demands_on
from lrwd.study.study import Study, read_ratios
from lrwd.theory.targets import tables_of

# So many records are looked into at the start, to say that the code has changed since.
FEW = 20
# Targets that only look on: they need no lock, and leave the placing of cells to others.
ONLY_LOOKING = {"status", "interim"}


class Session:
    """What the rules ask for.

    design_tables: the tables of the target ``design``, by simulation.

    Args:
        config: the merged configuration.
        files: the files it came from, for messages.
        site: the file of the site's names on a SLURM cluster; None on one machine.
        packed: whether cells are packed into allocations.
        is_main: whether this is Snakemake's main process, not one of a job.

    Raises:
        ConfigError: something in the configuration is not allowed.
    """

    design_tables = ("identifiability", "calibration")

    def __init__(
        self, config: Mapping[str, Any], files: Sequence[Any], site: str | None, packed: bool, is_main: bool
    ) -> None:
        self.source = ", ".join(map(str, files)) or "config.yaml"
        self.is_main = is_main
        self.study = load_study(config, self.source)
        # With the repository's own beneath what was given.
        self.config = self.study.config
        self.results = self.study.results
        self.rounds = Rounds(self.study)
        self.tables, self.figures = parts_of("tables", self.study), parts_of("figures", self.study)
        self.theory_tables, self.theory_figures = registry.names("theory/tables"), registry.names("theory/figures")
        self.ratios = ratios_path(self.results, self.study.name)
        self.folder = f"{self.results}/studies/{self.study.name}"
        self.runs, self.missing = f"{self.folder}/runs.csv", f"{self.folder}/missing"
        # None on one machine, where jobs that hold no GPU need no resources.
        self.site = Site.read(self.config, site) if site else None
        self.pool = f"{self.results}/cluster/pool.json" if self.site and packed else None
        if self.site and self.pool:
            self.site.check_pool(self.study)
        self.resources, self.jobs = Resources(self.site, packed), Jobs(self)
        # By their records' paths: a job asks for its cell several times. Once found, a cell stays one.
        self._found: dict[str, tuple[Study, Cell]] = {}

    # --- Cells -------------------------------------------------------------------------------------------------

    def known_ratios(self) -> dict[Any, float | None] | None:
        """The estimated ratios; None while they are not known."""
        return read_ratios(Path(self.ratios).read_text()) if Path(self.ratios).exists() else None

    def records_of(self, cells: Iterable[Cell]) -> list[str]:
        """Paths of cells' records."""
        return [record_path(self.results, cell) for cell in cells]

    def grid_records(self, rounds: list[str]) -> list[str]:
        """Records of the grid, with those of the rounds in some files."""
        return self.records_of(self.rounds.at(rounds).grid_cells)

    def all_records(self, rounds: list[str], ratios_file: str | None) -> list[str]:
        """Those and the line's, whose ratios are in the file; None where no ratio is estimated."""
        ratios = read_ratios(Path(ratios_file).read_text()) if ratios_file else {}
        return self.records_of(self.rounds.at(rounds).cells(ratios))

    def record_of(self, wildcards: Any) -> str:
        """Path of the record of a cell's wildcards."""
        return f"{self.results}/runs/{CELL_PATTERN}.json".format(**wildcards)

    def study_and_cell(self, wildcards: Any) -> tuple[Study, Cell]:
        """The configured study and a cell of it, or else one that is trained for the theory.

        Raises:
            ConfigError: neither has such a cell; the message names the part that is off and what is allowed.
        """
        path = self.record_of(wildcards)
        if path not in self._found:
            self._found[path] = self._look_up(wildcards)
        return self._found[path]

    def _look_up(self, wildcards: Any) -> tuple[Study, Cell]:
        try:
            study = self.rounds.known()
            return study, find_cell(study, wildcards, self.known_ratios())
        except ConfigError:
            for study in map(self.theory_study, self.config["theory"]["studies"]):
                with contextlib.suppress(ConfigError):
                    return study, find_cell(study, wildcards, None)
            raise

    def spec_of(self, wildcards: Any) -> dict[str, Any]:
        """Spec of a cell's wildcards."""
        study, cell = self.study_and_cell(wildcards)
        return study.spec(cell)

    def spec_text(self, wildcards: Any) -> str:
        """The same as JSON."""
        return json.dumps(self.spec_of(wildcards), sort_keys=True)

    def training_code(self, wildcards: Any) -> str:
        """Hash of the code that the cell's result depends on."""
        return training_code(self.spec_of(wildcards))

    def base_record(self, wildcards: Any) -> list[str]:
        """Record of the cell from whose gradient norms a cell's schedule is made, or whose weights it starts from."""
        study, cell = self.study_and_cell(wildcards)
        base = study.base_cell(cell)
        return self.records_of([base]) if base else []

    # --- Plan --------------------------------------------------------------------------------------------------

    @cached_property
    def first_cells(self) -> dict[str, Cell]:
        """A cell that stands for its group, by data set/architecture/recipe."""
        return {"/".join(cell.group): cell for cell in self.study.one_cell_a_group()}

    def group_spec(self, wildcards: Any) -> dict[str, Any]:
        """Spec of the cell that stands for a group."""
        return self.study.spec(self.first_cells[f"{wildcards.dataset}/{wildcards.arch}/{wildcards.recipe}"])

    def measurement_code(self, wildcards: Any) -> str:
        """Hash of the code that a group's cost depends on."""
        return measurement_code(self.group_spec(wildcards))

    def prepared_manifest(self, wildcards: Any) -> list[str]:
        """The data set's manifest, if it is prepared already."""
        path = manifest_path(self.results, wildcards.dataset)
        return [path] if Path(path).exists() else []

    # --- Data --------------------------------------------------------------------------------------------------

    def data_entry(self, wildcards: Any) -> dict[str, Any]:
        """The data set's entry of the configuration."""
        return self.config["datasets"][wildcards.dataset]

    def demands(self, wildcards: Any) -> str:
        """What the study asks of a data set, as JSON."""
        return json.dumps(demands_on(self.study, wildcards.dataset))

    # --- Theory ------------------------------------------------------------------------------------------------

    @cache  # noqa: B019 (one session a process)
    def theory_study(self, name: str) -> Study:
        """A study that is trained for the target ``theory``."""
        return load_study({**self.config, "study": name}, self.source)

    def joined_records(self, study: str) -> str:
        """Path of the records, in one file, of a study that is trained for the theory."""
        return f"{self.results}/studies/{study}/records.jsonl"

    def theory_records(self, wildcards: Any) -> list[str]:
        """Records of a study that is trained for the theory, checked first."""
        if self.is_main:
            # All at once, as each check is a process that loads torch.
            check_parts_once([self.theory_study(name) for name in self.config["theory"]["studies"]], self.source)
        study = self.theory_study(wildcards.study)
        self._check_study(study, study.grid_cells, self.joined_records(study.name))
        return self.records_of(study.grid_cells)

    def theory_inputs(self, folder: str, name: str) -> list[str]:
        """Paths of the tables that a table or figure of the theory is made from."""
        return [f"{self.results}/theory/tables/{table}.csv" for table in tables_of(folder, name)]

    # --- Start -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Find before any job starts what keeps the study from being trained, and note which records are missing.

        Raises:
            ConfigError: the results folder cannot be written, or some knobs do not fit each other.
        """
        study = self.rounds.known()
        self._check_study(study, study.cells(self.known_ratios() or {}), self.runs)
        if self.is_main:
            # Also for -n: what follows may not be worth its time.
            print("".join(f"{line}\n" for line in grid_warnings(self.study)), end="", file=sys.stderr)
        if self.is_main and (outlook := self.rounds.outlook()):
            print(outlook, file=sys.stderr)

    def _check_study(self, study: Study, cells: Sequence[Cell], made: str) -> None:
        """Check a study; ``made`` is the path of what is made of all its cells' records."""
        if self.is_main:
            check_writable(Path(study.results), self.source)
            # Knobs that do not fit (a patch that does not divide the image, …).
            check_parts_once([study], self.source)
        # A data set prepared for another study may lack images that this one needs.
        for dataset in study.datasets:
            manifest = Path(manifest_path(study.results, dataset))
            if manifest.exists():
                prepared = json.loads(manifest.read_text())
                # With another val_size it is prepared anew.
                if prepared["config"]["val_size"] == self.config["datasets"][dataset].get("val_size"):
                    check_demands(demands_on(study, dataset), dataset, prepared)
        # A record that was cut short (a full disk, a broken copy) is no record: its cell is trained again.
        if self.is_main:
            # Not at the top: it imports pandas, and every job on a cluster reads these rules.
            from lrwd.runs.collect import trained_by_other_code

            for path in set_aside_torn(self.records_of(study.with_bases(cells))):
                print(
                    f"{path}: not a whole record; set aside as {path}.torn, the cell is trained again", file=sys.stderr
                )
            if other := trained_by_other_code(study, cells[:FEW]):
                print(
                    f"{other[0]}: trained by another version of the code; Snakemake trains such cells again",
                    file=sys.stderr,
                )
            for path in set_aside_failed(self.records_of(study.with_bases(cells)) if not study.sequential else ()):
                print(f"{path}: failed for a sequential study; set aside, the cell is trained again", file=sys.stderr)
            needed = [*self.records_of(cells), *(self.rounds.needed() if study.sequential else ())]
            note_missing(needed, Path(study.results, "studies", study.name, "missing"), Path(made))

    @cached_property
    def adopted(self) -> dict[str, str] | None:
        """By their records' paths: cells that an earlier start has in SLURM's queue, or that were trained since."""
        if not (self.site and self.is_main):
            return {}

        def is_current(cell: Cell, record: Mapping[str, Any]) -> bool:
            spec = self.study.spec(cell)
            return bool(record["spec"] == spec and record["code"] == training_code(spec))

        return left_behind(self.results, self.rounds.known().cells(self.known_ratios() or {}), is_current)

    def adopted_pattern(self) -> str:
        """A regular expression for the first wildcard of these cells' paths, and of no others."""
        paths = (re.escape(path.partition("/runs/")[2]) + "$" for path in self.adopted or ())
        return f"(?={'|'.join(paths)})[a-z0-9_]+"

    def command(self, configfiles: Iterable[Any], config: Mapping[str, Any]) -> str:
        """What the user types to start, for messages that say what to type."""
        return start_command("profiles/slurm" if self.site else "profiles/local", configfiles, config)

    def begin(self, targets: Iterable[str]) -> bool:
        """Called when jobs are about to start.

        Returns:
            Whether this start only looks on.

        Raises:
            ConfigError: another Snakemake trains cells in this folder, or it is not known what is running.
        """
        targets = set(targets)
        if targets and targets <= ONLY_LOOKING:
            return True
        if self.site:
            take_control(self.results)
        if self.site and self.pool:
            self.site.write_pool(self.pool)
        print(adoption_summary(self.adopted), end="", file=sys.stderr)
        report_progress(self.study, self.ratios)
        return False


def open_session(
    config: Mapping[str, Any], files: Sequence[Any], site: str | None, packed: bool, is_main: bool
) -> Session:
    """Begin a session: cell processes use this interpreter and exit with this process.

    Raises:
        ConfigError: see ``Session`` and ``Session.check``.
    """
    session = Session(config, files, site, packed, is_main)
    bind_children()
    session.check()
    return session
