# Reports during training: `status` prints the state of every cell; `interim` makes tables and figures of the finished
# cells under results/interim. Needs: no declared input and output, so that neither waits for Snakemake's lock.


rule status:
    """State of every training; can run while another Snakemake process trains."""
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
        f"status of study {STUDY.name}"
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
