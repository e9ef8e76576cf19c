# The verdict in plain words. Needs: results/runs.csv, all tables, and what the grid can show by simulation.
# Makes: results/verdict.md, and verdict.html of the same text, which Snakemake's report can show.


rule verdict:
    """What the study says, in plain words: results/verdict.md."""
    input:
        runs="<results>/runs.csv",
        tables=expand("<results>/tables/{table}.csv", table=[*TABLES, "identifiability"]),
    output:
        md="<results>/verdict.md",
        html=report(
            "<results>/verdict.html",
            category="Verdict",
            caption="../report/verdict.rst",
            labels={"page": "verdict"},
        ),
    log:
        "<results>/logs/verdict.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=STUDY.name,
        imported=STUDY.imported is not None,
        # Not read by the script: what changes it writes anew.
        code=code_hash.verdict_code(),
    message:
        f"what study {STUDY.name} says"
    script:
        "../scripts/verdict.py"
