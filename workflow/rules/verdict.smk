# The verdict as text. Needs: results/runs.csv, all tables, the simulations of the grid, and the figure of the ridge;
# for imported runs, the report on their import. Makes: results/verdict.md, and verdict.html with the same text for
# Snakemake's report.


rule verdict:
    """Summary of the study's results as text: results/verdict.md."""
    input:
        runs="<results>/runs.csv",
        tables=expand("<results>/tables/{table}.csv", table=[*TABLES, "identifiability"]),
        picture="<results>/figures/ridge.png",
        imported=f"<results>/studies/{STUDY.name}/imported.md" if STUDY.imported else [],
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
        # Not used by the script: if it changes, the rule runs again.
        code=code_hash.verdict_code(),
    message:
        f"write the verdict of study {STUDY.name}"
    script:
        "../scripts/verdict.py"
