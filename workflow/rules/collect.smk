# Collects the records in one table. Needs: records. Makes: results/studies/<study>/ratios.json (the estimated ratios of
# the on-ratio cells, in studies with `ratio: estimated`) and results/studies/<study>/runs.csv (one row per cell).


checkpoint estimate_ratio:
    input:
        records=grid_records,
        rounds=round_files,
    output:
        SESSION.ratios,
    log:
        f"<results>/logs/studies/{STUDY.name}/estimate_ratio.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not used by the script: if they change, the rule runs again.
        study=STUDY.analysis_key(),
        code=code_hash.runs_code(),
    message:
        f"estimate the ratio of study {STUDY.name} from its grid"
    script:
        "../scripts/estimate_ratio.py"


rule collect:
    input:
        records=all_records,
        rounds=round_files,
        ratios=SESSION.ratios if STUDY.estimates_ratio else [],
        missing=SESSION.missing,
    output:
        runs=SESSION.runs,
    log:
        f"<results>/logs/studies/{STUDY.name}/collect.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=STUDY.analysis_key(),
        code=code_hash.runs_code(),
    message:
        f"collect the records of study {STUDY.name}"
    script:
        "../scripts/collect.py"
