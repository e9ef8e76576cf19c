# Imports runs that were trained outside this workflow, instead of training. Needs: a CSV file, an Optuna storage, or the
# JSON files of the paper's script. Makes: results/studies/<study>/runs.csv (one row per run) and imported.md in the same
# folder, which lists what was read and what was dropped, with reasons.


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
        # Not used by the script: if they change, the rule runs again.
        study=STUDY.analysis_key(),
        code=code_hash.runs_code(),
    message:
        f"import the runs of study {STUDY.name}"
    script:
        "../scripts/import_runs.py"
