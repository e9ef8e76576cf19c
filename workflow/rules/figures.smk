# Figures. Needs: results/runs.csv and the tables. Makes: results/figures/<figure>.png and .svg, for every file in
# workflow/lrwd/plots.


rule figures:
    input:
        expand("<results>/figures/{figure}.png", figure=FIGURES),


rule figure:
    input:
        runs="<results>/runs.csv",
        tables=expand("<results>/tables/{table}.csv", table=TABLES),
    output:
        png=report(
            "<results>/figures/{figure}.png",
            category="Figures",
            caption="../report/figure_{figure}.rst",
            labels={"figure": "{figure}"},
        ),
        svg="<results>/figures/{figure}.svg",
    params:
        study=STUDY.name,
        code=lambda wildcards: figure_code(wildcards.figure),
    log:
        "<results>/logs/figures/{figure}.log",
    conda:
        "../../envs/analysis.yaml"
    message:
        "figure {wildcards.figure}"
    script:
        "../scripts/figure.py"
