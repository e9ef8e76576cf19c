"""One start of Snakemake: provides the configured study to the rules as paths, specs and jobs."""

import contextlib
import json
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
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
from lrwd.session.jobs import Jobs
from lrwd.session.records import check_records
from lrwd.session.resources import Resources
from lrwd.session.rounds import Rounds, parts_of
from lrwd.study.cell import Cell
from lrwd.study.load import load_study
from lrwd.study.lookup import find_cell
from lrwd.study.outlook import outlook
from lrwd.study.paths import CELL_PATTERN, manifest_path, ratios_path, record_path
from lrwd.study.requirements import check_demands, demands_on
from lrwd.study.study import Study, read_ratios
from lrwd.theory.targets import tables_of

# Targets that do not train cells; they do not need the lock on the folder.
ONLY_LOOKING = {"status", "interim"}
# Rules whose jobs train, or decide what else is trained.
TRAINING_RULES = {"train_cell", "measure_cost", "estimate_ratio", "choose_round"}


class Session:
    """Paths, specs and jobs that the rules need.

    design_tables: the tables of the target ``design``, which are computed by simulation.

    Args:
        config: the merged configuration.
        files: the files it came from, for messages.
        site: the settings file of a SLURM site; None on a single machine.
        packed: whether cells run in shared SLURM allocations.
        is_main: whether this is Snakemake's main process, not the process of a job.

    Raises:
        ConfigError: a key or value in the configuration is not allowed.
    """

    design_tables = ("identifiability", "calibration")

    def __init__(
        self, config: Mapping[str, Any], files: Sequence[Any], site: str | None, packed: bool, is_main: bool
    ) -> None:
        self.source = ", ".join(map(str, files)) or "config.yaml"
        self.is_main = is_main
        self.study = load_study(config, self.source)
        # The complete configuration: the given keys merged into the repository's.
        self.config = self.study.config
        self.results = self.study.results
        self.rounds = Rounds(self.study)
        self.tables, self.figures = parts_of("tables", self.study), parts_of("figures", self.study)
        self.theory_tables, self.theory_figures = registry.names("theory/tables"), registry.names("theory/figures")
        self.ratios = ratios_path(self.results, self.study.name)
        self.folder = f"{self.results}/studies/{self.study.name}"
        self.runs, self.missing = f"{self.folder}/runs.csv", f"{self.folder}/missing"
        # None on a single machine.
        self.site = Site.read(self.config, site) if site else None
        self.pool = f"{self.results}/cluster/pool.json" if self.site and packed else None
        if self.site and self.pool:
            self.site.check_pool(self.study)
        self.resources = Resources(self.site, packed, self.config["execution"])
        self.jobs = Jobs(self)
        # Cache by record path, since Snakemake needs the cell of a job several times.
        self._found: dict[str, tuple[Study, Cell]] = {}

    # --- Cells -------------------------------------------------------------------------------------------------

    def known_ratios(self) -> dict[Any, float | None] | None:
        """The estimated ratios; None until they are known."""
        return read_ratios(Path(self.ratios).read_text()) if Path(self.ratios).exists() else None

    def records_of(self, cells: Iterable[Cell]) -> list[str]:
        """Paths of cells' records."""
        return [record_path(self.results, cell) for cell in cells]

    def grid_records(self, rounds: list[str]) -> list[str]:
        """Records of the grid cells, including the rounds in the given files."""
        return self.records_of(self.rounds.at(rounds).grid_cells)

    def all_records(self, rounds: list[str], ratios_file: str | None) -> list[str]:
        """Records of grid and on-ratio cells. The ratios are read from the file; None if no ratio is estimated."""
        ratios = read_ratios(Path(ratios_file).read_text()) if ratios_file else {}
        return self.records_of(self.rounds.at(rounds).cells(ratios))

    def record_of(self, wildcards: Any) -> str:
        """Path of the record for a cell's wildcards."""
        return f"{self.results}/runs/{CELL_PATTERN}.json".format(**wildcards)

    def study_and_cell(self, wildcards: Any) -> tuple[Study, Cell]:
        """Find the cell for some wildcards, and its study: the configured study or one trained for the theory.

        Raises:
            ConfigError: no study has such a cell. The message names the wrong wildcard and what is allowed.
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
        """Spec of the cell for some wildcards."""
        study, cell = self.study_and_cell(wildcards)
        return study.spec(cell)

    def spec_text(self, wildcards: Any) -> str:
        """Spec of the cell for some wildcards, as JSON."""
        return json.dumps(self.spec_of(wildcards), sort_keys=True)

    def training_code(self, wildcards: Any) -> str:
        """Hash of the code that the cell's result depends on."""
        return training_code(self.spec_of(wildcards))

    def base_record(self, wildcards: Any) -> list[str]:
        """Record of the base cell, which provides the gradient norms or initial weights; empty if there is none."""
        study, cell = self.study_and_cell(wildcards)
        base = study.base_cell(cell)
        return self.records_of([base]) if base else []

    # --- Plan --------------------------------------------------------------------------------------------------

    @cached_property
    def first_cells(self) -> dict[str, Cell]:
        """Map the name of each group (DATASET/ARCH/RECIPE) to the cell that represents it."""
        return {"/".join(cell.group): cell for cell in self.study.one_cell_a_group()}

    def group_spec(self, wildcards: Any) -> dict[str, Any]:
        """Spec of the cell that represents a group."""
        return self.study.spec(self.first_cells[f"{wildcards.dataset}/{wildcards.arch}/{wildcards.recipe}"])

    def measurement_code(self, wildcards: Any) -> str:
        """Hash of the code that a group's cost depends on."""
        return measurement_code(self.group_spec(wildcards))

    def prepared_manifest(self, wildcards: Any) -> list[str]:
        """The data set's manifest; empty if the data set is not prepared yet."""
        path = manifest_path(self.results, wildcards.dataset)
        return [path] if Path(path).exists() else []

    # --- Data --------------------------------------------------------------------------------------------------

    def data_entry(self, wildcards: Any) -> dict[str, Any]:
        """The data set's entry of the configuration."""
        return self.config["datasets"][wildcards.dataset]

    def demands(self, wildcards: Any) -> str:
        """The study's requirements of a data set, as JSON."""
        return json.dumps(demands_on(self.study, wildcards.dataset))

    # --- Theory ------------------------------------------------------------------------------------------------

    @cache  # noqa: B019 (one session a process)
    def theory_study(self, name: str) -> Study:
        """A study that is trained for the target ``theory``."""
        return load_study({**self.config, "study": name}, self.source)

    def joined_records(self, study: str) -> str:
        """Path of the single file with all records of a study that is trained for the theory."""
        return f"{self.results}/studies/{study}/records.jsonl"

    def theory_records(self, wildcards: Any) -> list[str]:
        """Records of a study that is trained for the theory. The theory's studies are checked first."""
        if self.is_main:
            # Check all studies together, as each check starts a process that imports torch.
            check_parts_once([self.theory_study(name) for name in self.config["theory"]["studies"]], self.source)
        study = self.theory_study(wildcards.study)
        self._check_study(study, study.grid_cells, self.joined_records(study.name))
        return self.records_of(study.grid_cells)

    def theory_inputs(self, folder: str, name: str) -> list[str]:
        """Paths of the tables that a theory table or figure is computed from."""
        return [f"{self.results}/theory/tables/{table}.csv" for table in tables_of(folder, name)]

    # --- Start -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Check before any job starts that the study can be trained, and note which records are missing.

        Raises:
            ConfigError: the results folder cannot be written, or some knobs do not fit each other.
        """
        study = self.rounds.known()
        self._check_study(study, study.cells(self.known_ratios() or {}), self.runs)
        if self.is_main:
            # Also for -n: what follows may not be worth its time.
            for line in grid_warnings(self.study):
                print(line, file=sys.stderr)
        if self.is_main and (line := outlook(study)):
            print(line, file=sys.stderr)

    def _check_study(self, study: Study, cells: Sequence[Cell], made: str) -> None:
        """Check a study. ``made`` is the path of the file that is made from all of its records."""
        if self.is_main:
            check_writable(Path(study.results), self.source)
            # Detects incompatible knobs, such as a patch size that does not divide the image size.
            check_parts_once([study], self.source)
        # A data set prepared for another study may lack images that this one needs.
        for dataset in study.datasets:
            manifest = Path(manifest_path(study.results, dataset))
            if manifest.exists():
                prepared = json.loads(manifest.read_text())
                # If val_size differs, the data set will be prepared again.
                if prepared["config"]["val_size"] == self.config["datasets"][dataset].get("val_size"):
                    check_demands(demands_on(study, dataset), dataset, prepared)
        if self.is_main:
            more = self.rounds.needed() if study.sequential else ()
            check_records(study, cells, made, more)

    @cached_property
    def adopted(self) -> dict[str, str] | None:
        """Map record paths to SLURM jobs, for cells of an earlier start that are in the queue or were trained since."""
        if not (self.site and self.is_main):
            return {}

        def is_current(cell: Cell, record: Mapping[str, Any]) -> bool:
            spec = self.study.spec(cell)
            return bool(record["spec"] == spec and record["code"] == training_code(spec))

        return left_behind(self.results, self.rounds.known().cells(self.known_ratios() or {}), is_current)

    def adopted_pattern(self) -> str:
        """Regular expression that matches the first wildcard of adopted cells only."""
        paths = (re.escape(path.partition("/runs/")[2]) + "$" for path in self.adopted or ())
        return f"(?={'|'.join(paths)})[a-z0-9_]+"

    def command(self, configfiles: Iterable[Any], config: Mapping[str, Any]) -> str:
        """The command with which the user starts Snakemake, for messages."""
        return start_command("profiles/slurm" if self.site else "profiles/local", configfiles, config)

    def begin(self, targets: Iterable[str], rules: Collection[str], at_once: int | None) -> bool:
        """Called when jobs are about to start.

        Args:
            targets: the targets that were named.
            rules: rules of the jobs to come.
            at_once: number of cells that use the GPUs of this machine at once; None without GPUs.

        Returns:
            Whether this start trains no cells.

        Raises:
            ConfigError: another Snakemake process trains cells in this folder, the state of SLURM jobs is unknown, or a
                GPU does not work.
        """
        targets = set(targets)
        if targets and targets <= ONLY_LOOKING:
            return True
        if self.site:
            take_control(self.results)
        if self.site and self.pool:
            self.site.write_pool(self.pool)
        if not self.site and not TRAINING_RULES.isdisjoint(rules):
            self.resources.check_gpus()
            print(self.resources.summary(at_once), end="", file=sys.stderr)
        print(adoption_summary(self.adopted), end="", file=sys.stderr)
        report_progress(self.study, self.ratios)
        return False


def open_session(
    config: Mapping[str, Any], files: Sequence[Any], site: str | None, packed: bool, is_main: bool
) -> Session:
    """Start a session. Cell processes use this interpreter and exit with this process.

    Raises:
        ConfigError: see ``Session`` and ``Session.check``.
    """
    session = Session(config, files, site, packed, is_main)
    bind_children()
    session.check()
    return session
