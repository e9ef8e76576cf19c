# The runs of the configured study. Needs: results/studies/<study>/runs.csv, collected from records or imported.
# Makes: results/runs.csv, from which tables and figures are computed.


# The input's path contains the name of the study. If another study is configured, all tables and figures are therefore
# computed again.
rule runs:
    """The runs of the study as one table: results/runs.csv."""
    input:
        runs=SESSION.runs,
        missing=SESSION.missing,
    output:
        "<results>/runs.csv",
    log:
        "<results>/logs/runs.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    message:
        f"use the runs of study {STUDY.name} as results/runs.csv"
    shell:
        "cp {input.runs:q} {output:q} 2> {log:q}"
