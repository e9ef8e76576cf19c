# The configured study's runs. Needs: results/studies/<study>/runs.csv, collected here or brought in from elsewhere.
# Makes: results/runs.csv, which tables and figures are made from.


# The name of the study is in the input's path, so that naming another study makes everything that follows anew.
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
        f"results/runs.csv is that of study {STUDY.name}"
    shell:
        "cp {input.runs:q} {output:q} 2> {log:q}"
