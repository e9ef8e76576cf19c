# Looking on while cells are trained: `status` prints where every cell stands, `interim` makes tables and figures of
# those that are finished, under results/interim. Needs: nothing declared, so that neither waits for Snakemake's lock.


rule status:
    """Where every training stands; can be asked while another Snakemake trains."""
    log:
        "<results>/logs/status.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        command=unrecorded(
            lambda *_: SESSION.command(workflow.config_settings.configfiles, workflow.config_settings.config)
        ),
    message:
        f"where study {STUDY.name} stands"
    script:
        "../scripts/status.py"


rule interim:
    """Tables and figures of the trainings finished so far, under results/interim."""
    log:
        "<results>/logs/interim.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        tables=TABLES,
        figures=FIGURES,
    message:
        f"interim tables and figures of study {STUDY.name}"
    script:
        "../scripts/interim.py"
