# Shared by all rules: the session (workflow/lrwd/session) provides the configured study, its paths and its jobs.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent))

try:
    from lrwd import code_hash
    from lrwd.session.jobs import script_path, unrecorded
    from lrwd.session.overwrite import overwrite_notice
    from lrwd.session.refuse import check_imported, check_packages, one_line
    from lrwd.session.session import open_session
    from lrwd.study.paths import CELL_PATTERN, replications_path, ridge_tables
    from lrwd.theory.targets import knobs_of, studies_of
except ModuleNotFoundError as error:
    sys.exit(f"\nError: {sys.executable} lacks {error.name}. Start with `python3 envs/run.py snakemake …`\n")

with one_line():
    SESSION = open_session(
        config, workflow.configfiles, globals().get("SITE"), globals().get("PACKED", False), workflow.is_main_process
    )
    if workflow.is_main_process:
        own_environments = bool(workflow.deployment_settings and workflow.deployment_settings.deployment_method)
        for line in (check_packages(own_environments, SESSION.study.imported is None), overwrite_notice(SESSION.study)):
            if line:
                print(line, file=sys.stderr)
        check_imported(SESSION.study, own_environments)
    # Cells that use this machine's GPUs at once: what --resources gpu=… says, or as many as they take.
    given = workflow.global_resources.get("gpu")
    AT_ONCE = SESSION.resources.num_cells_on_gpus(getattr(given, "value", given))
STUDY, TABLES, FIGURES = SESSION.study, SESSION.tables, SESSION.figures

if AT_ONCE is not None:
    workflow.register_resource("gpu", AT_ONCE)


def file_of_round(number):
    """Path of a round's file; until it is made, Snakemake is told that it must be."""
    return checkpoints.choose_round.get(round=str(number)).output[0]


def rounds_before(wildcards):
    """Files of the rounds between round 0, which the configuration has, and that of the wildcards."""
    return SESSION.rounds.files(file_of_round, before=int(wildcards.round))


def round_files(wildcards):
    """Files of a sequential study's rounds; each is made from the records of the rounds before it."""
    return SESSION.rounds.files(file_of_round)


def grid_records(wildcards):
    """Records of the grid, as far as the last round."""
    return SESSION.grid_records(round_files(wildcards))


def all_records(wildcards):
    """Records of the grid and, once its ratio is known, of the line."""
    rounds = round_files(wildcards)
    return SESSION.all_records(rounds, checkpoints.estimate_ratio.get().output[0] if STUDY.estimates_ratio else None)


def committed_replications(wildcards):
    """Path of the committed replications; the target is refused for a study that has none."""
    with one_line():
        return replications_path(STUDY.name, SESSION.source)


pathvars:
    results=SESSION.results,


wildcard_constraints:
    dataset="[a-z0-9_]+",
    arch="[a-z0-9_]+",
    recipe="[a-z0-9_]+",
    lr="[0-9.e+-]+",
    wd="[0-9.e+-]+",
    seed="[0-9]+",
    study="[a-z0-9_]+",


onstart:
    planned = {job.rule.name for job in workflow.dag.needrun_jobs()}
    if SESSION.begin(workflow.dag_settings.targets, planned, AT_ONCE):
        # This process holds no lock on the folder. Without this line, it would remove the lock of the process that
        # trains when it ends.
        workflow.persistence.unlock = workflow.persistence.noop


onerror:
    # Also after a stop signal, where Snakemake only says that a job was not completed.
    print(
        "--- Finished trainings are kept; the same command goes on from here. Failed jobs are listed above, if any."
    )
