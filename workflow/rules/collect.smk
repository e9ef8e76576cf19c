# From records to one table. Needs: records. Makes: results/ratios/<study>.json (the ratios that the on-ratio runs of a
# study with `ratio: estimated` lie on) and results/runs.csv (one row a cell).


checkpoint estimate_ratio:
    input:
        grid_records,
    output:
        RATIOS,
    params:
        cells=digest(STUDY.grid_cells),
    log:
        f"<results>/logs/estimate_ratio_{STUDY.name}.log",
    conda:
        "../../envs/analysis.yaml"
    message:
        "estimate the ratio of study {STUDY.name} from its grid"
    script:
        "../scripts/estimate_ratio.py"


rule collect:
    input:
        records=all_records,
        ratios=RATIOS if STUDY.estimates_ratio else [],
    output:
        runs="<results>/runs.csv",
    params:
        study=STUDY.name,
    log:
        "<results>/logs/collect.log",
    conda:
        "../../envs/analysis.yaml"
    message:
        "collect the records of study {STUDY.name}"
    script:
        "../scripts/collect.py"
