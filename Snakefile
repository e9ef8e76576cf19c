# How should weight decay follow the learning rate in AdamW? See README.md; `snakemake --list` shows the targets.
from snakemake.utils import min_version

min_version("9.12")


# The repository's config.yaml, found from any working directory. --configfile, --config or a module's `config:`
# override it.
configfile: workflow.current_basedir.join("config.yaml").get_path_or_uri(secret_free=True)


# Settings of a SLURM site (profiles/slurm defines SITE). They override config.yaml.
if "SITE" in globals():

    configfile: SITE


include: "workflow/rules/common.smk"


report: "workflow/report/workflow.rst"


rule all:
    """Everything: trainings, tables, figures and the verdict of the configured study."""
    default_target: True
    input:
        expand("<results>/tables/{table}.csv", table=[*TABLES, *SESSION.design_tables]),
        expand("<results>/figures/{figure}.png", figure=[*FIGURES, "power"]),
        "<results>/verdict.md",


include: "workflow/rules/design.smk"


if STUDY.imported:

    include: "workflow/rules/import.smk"

else:

    include: "workflow/rules/prepare.smk"
    include: "workflow/rules/train.smk"

    if STUDY.sequential:

        include: "workflow/rules/rounds.smk"
    include: "workflow/rules/plan.smk"

    if SESSION.adopted:

        include: "workflow/rules/adopt.smk"
    include: "workflow/rules/collect.smk"
    include: "workflow/rules/theory.smk"


include: "workflow/rules/status.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/verdict.smk"
include: "workflow/rules/replicate.smk"
include: "workflow/rules/summary.smk"
include: "workflow/rules/targets.smk"
