# Runs from elsewhere, in place of training. Needs: a CSV file, or the JSON files of the paper's script.
# Makes: results/studies/<study>/runs.csv (one row a run), and beside it imported.md, which says what was read, what
# was dropped and why.


rule import_runs:
    input:
        STUDY.imported.files(),
    output:
        runs=f"<results>/studies/{STUDY.name}/runs.csv",
        report=f"<results>/studies/{STUDY.name}/imported.md",
    log:
        f"<results>/logs/studies/{STUDY.name}/import.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not read by the script: what changes them imports anew.
        study=STUDY.analysis_key(),
        code=code_hash.runs_code(),
    message:
        f"import the runs of study {STUDY.name}"
    script:
        "../scripts/import_runs.py"
