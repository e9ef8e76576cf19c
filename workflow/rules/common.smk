# What the rules share: the configured study, its cells as paths, and the resources of this machine.
import contextlib
import functools
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent))

from lrwd import hardware, registry
from lrwd.code_hash import (
    analysis_code,
    calibration_code,
    figure_code,
    plan_code,
    preparation_code,
    theory_code,
    theory_page_code,
    training_code,
    verdict_code,
)
from lrwd.check import check_parts_once, check_writable
from lrwd.cluster.adopt import left_behind, told
from lrwd.cluster.controller import take_control
from lrwd.cluster.site import Site, cell_resources, cpu_resources, data_resources
from lrwd.config import load_study
from lrwd.demands import check_demands, demands_on
from lrwd.errors import ConfigError
from lrwd.find_cell import find_cell
from lrwd.missing import note_missing
from lrwd.paths import CELL_PATTERN, manifest_path, ratios_path, record_path, weights_path
from lrwd.progress import report_progress
from lrwd.record import set_aside_torn
from lrwd.start import own_what_is_started
from lrwd.start_from import start_file, start_recipe
from lrwd.study import read_ratios
from lrwd.theory_parts import knobs_of, studies_of, tables_of

CONFIG_FILES = ", ".join(map(str, workflow.configfiles)) or "config.yaml"
STUDY = load_study(config, CONFIG_FILES)
TABLES = registry.names("analysis")
FIGURES = registry.names("plots")
ANALYSIS_CODE = analysis_code()
RATIOS = ratios_path(STUDY.results, STUDY.name)
RUNS = f"{STUDY.results}/studies/{STUDY.name}/runs.csv"
MISSING = f"{STUDY.results}/studies/{STUDY.name}/missing"
# On a cluster: what its site has. None on one machine, where jobs that hold no GPU need no resources.
CLUSTER = Site.read(config, SITE) if "SITE" in globals() else None
DATA_RESOURCES = data_resources(CLUSTER) if CLUSTER else {}
# In packed mode cells are trained in allocations that take them one after the other (profiles/slurm-packed).
POOL = f"{STUDY.results}/cluster/pool.json" if CLUSTER and globals().get("PACKED") else None
SIMULATION_RESOURCES = cpu_resources(CLUSTER, hours=2) if CLUSTER else {}
if POOL:
    CLUSTER.check_pool(STUDY)
    CELL_RESOURCES, HOW = {}, f"--pool {POOL} --gpu {CLUSTER.gpu} --results {STUDY.results}"
elif CLUSTER:
    # A fresh interpreter, as the job has one cell.
    CELL_RESOURCES, HOW = cell_resources(CLUSTER), f"--gpu {CLUSTER.gpu} --results {STUDY.results}"
else:
    CELL_RESOURCES, HOW = {"gpu": hardware.gpus_per_cell()}, "--warm" if config["execution"]["warm_start"] else ""

own_what_is_started()


pathvars:
    results=STUDY.results,


wildcard_constraints:
    dataset="[a-z0-9_]+",
    arch="[a-z0-9_]+",
    recipe="[a-z0-9_]+",
    lr="[0-9.e+-]+",
    wd="[0-9.e+-]+",
    seed="[0-9]+",
    study="[a-z0-9_]+",


@functools.cache
def theory_study(name):
    """A study that is trained for the target `theory`."""
    return load_study({**config, "study": name}, CONFIG_FILES)


def known_ratios():
    """The estimated ratios; None while they are not known."""
    return read_ratios(Path(RATIOS).read_text()) if Path(RATIOS).exists() else None


# By their records' paths: a job asks for its cell several times. Once found, a cell stays one.
FOUND = {}


def study_and_cell(wildcards):
    """The configured study and a cell of it, or else one that is trained for the theory."""
    path = record_of(wildcards)
    if path not in FOUND:
        FOUND[path] = look_up(wildcards)
    return FOUND[path]


def look_up(wildcards):
    try:
        return STUDY, find_cell(STUDY, wildcards, known_ratios())
    except ConfigError:
        for study in map(theory_study, config["theory"]["studies"]):
            with contextlib.suppress(ConfigError):
                return study, find_cell(study, wildcards, None)
        raise


def spec_of(wildcards):
    study, cell = study_and_cell(wildcards)
    return study.spec(cell)


# For a plan: a cell that stands for its group, and the data set's manifest if it is prepared already.
FIRST_CELLS = {"/".join(cell.group): cell for cell in STUDY.one_cell_a_group()}


def spec_of_group(wildcards):
    return STUDY.spec(FIRST_CELLS[f"{wildcards.dataset}/{wildcards.arch}/{wildcards.recipe}"])


def prepared_manifest(wildcards):
    path = manifest_path(STUDY.results, wildcards.dataset)
    return [path] if Path(path).exists() else []


def records_of(cells):
    return [record_path(STUDY.results, cell) for cell in cells]


def base_record(wildcards):
    """Record of the cell from whose gradient norms a cell's schedule is made, or whose weights it starts from."""
    study, cell = study_and_cell(wildcards)
    base = study.base_cell(cell)
    return records_of([base]) if base else []


def start_path(wildcards):
    """File of weights that a cell starts from, if it starts from one."""
    study, cell = study_and_cell(wildcards)
    recipe = config["recipes"][cell.recipe]
    if start_recipe(recipe):
        return weights_path(STUDY.results, study.base_cell(cell))
    return start_file(recipe) or ""


def grid_records(wildcards=None):
    return records_of(STUDY.grid_cells)


def all_records(wildcards=None):
    """Records of the grid and, once their ratio is known, of the line."""
    ratios = {}
    if STUDY.estimates_ratio:
        ratios = read_ratios(Path(checkpoints.estimate_ratio.get().output[0]).read_text())
    return records_of(STUDY.cells(ratios))


def make_ready(study, cells, made):
    """Find now rather than in the first cell what keeps a study from being trained, and note which records are missing.

    Args:
        study: the study.
        cells: its cells, as far as they are known.
        made: path of what is made of all their records.
    """
    if workflow.is_main_process:
        check_writable(Path(study.results), CONFIG_FILES)
        # Knobs that do not fit (a patch that does not divide the image, …).
        check_parts_once([study], CONFIG_FILES)
    # A data set prepared for another study may lack images that this one needs.
    for dataset in study.datasets:
        manifest = Path(manifest_path(study.results, dataset))
        if manifest.exists():
            prepared = json.loads(manifest.read_text())
            if prepared["config"]["val_size"] == config["datasets"][dataset].get("val_size"):  # else it is made anew
                check_demands(demands_on(study, dataset), dataset, prepared)
    # A record that was cut short (a full disk, a broken copy) is no record: its cell is trained again.
    if workflow.is_main_process:
        known = records_of(cells)
        for path in set_aside_torn(records_of(study.with_bases(cells))):
            print(f"{path}: not a whole record; set aside as {path}.torn, the cell is trained again", file=sys.stderr)
        note_missing(known, Path(study.results, "studies", study.name, "missing"), Path(made))


make_ready(STUDY, STUDY.cells(known_ratios() or {}), RUNS)


def is_current(cell, record):
    """Whether a record is what its cell would be trained to now."""
    spec = STUDY.spec(cell)
    return record["spec"] == spec and record["code"] == training_code(spec)


# By their records' paths: cells that an earlier start has in SLURM's queue, or that were trained after its end.
ADOPTED = {}
if CLUSTER and workflow.is_main_process:
    ADOPTED = left_behind(STUDY.results, STUDY.cells(known_ratios() or {}), is_current)


def record_of(wildcards):
    return f"{STUDY.results}/runs/{CELL_PATTERN}.json".format(**wildcards)


def joined_records(study):
    """Path of the records, in one file, of a study that is trained for the theory."""
    return f"{STUDY.results}/studies/{study}/records.jsonl"


def records_of_theory(wildcards):
    """Records of a study that is trained for the theory, checked first."""
    if workflow.is_main_process:
        # All at once, as each check is a process that loads torch.
        check_parts_once([theory_study(name) for name in config["theory"]["studies"]], CONFIG_FILES)
    study = theory_study(wildcards.study)
    make_ready(study, study.grid_cells, joined_records(study.name))
    return records_of(study.grid_cells)


def theory_tables_for(folder, name):
    """Paths of the tables that a table or figure of the theory is made from."""
    return [f"{STUDY.results}/theory/tables/{table}.csv" for table in tables_of(folder, name)]


onstart:
    if set(workflow.dag_settings.targets) and set(workflow.dag_settings.targets) <= {"status", "interim"}:
        # Who only looks on leaves the placing of cells to others, and has no lock: at its end Snakemake would remove
        # theirs.
        workflow.persistence.unlock = workflow.persistence.noop
    else:
        if CLUSTER:
            take_control(STUDY.results)
        if POOL:
            CLUSTER.write_pool(POOL)
        print(told(ADOPTED), end="", file=sys.stderr)
        report_progress(STUDY, RATIOS)
