# Tables. Needs: results/runs.csv. Makes: results/tables/<table>.csv and .md, for every file in workflow/lrwd/analysis.


rule tables:
    input:
        expand("<results>/tables/{table}.csv", table=TABLES),


rule table:
    input:
        runs="<results>/runs.csv",
    output:
        csv=report(
            "<results>/tables/{table}.csv",
            category="Tables",
            caption="../report/table_{table}.rst",
            labels={"table": "{table}"},
        ),
        md="<results>/tables/{table}.md",
    params:
        code=ANALYSIS_CODE,
    log:
        "<results>/logs/tables/{table}.log",
    conda:
        "../../envs/analysis.yaml"
    message:
        "table {wildcards.table}"
    script:
        "../scripts/table.py"
