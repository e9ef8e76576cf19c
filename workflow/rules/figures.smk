# Figures. Needs: results/runs.csv and the tables. Makes: results/figures/<figure>.png and .svg for every file in
# workflow/lrwd/figures.


rule figures:
    """All figures of the study."""
    input:
        expand("<results>/figures/{figure}.png", figure=FIGURES),


# One rule per figure, since the path of a caption cannot contain a wildcard.
for figure in FIGURES:

    rule:
        name:
            f"figure_{figure}"
        input:
            runs="<results>/runs.csv",
            tables=expand("<results>/tables/{table}.csv", table=TABLES),
        output:
            png=report(
                f"<results>/figures/{figure}.png",
                category="Figures",
                caption=f"../report/figure_{figure}.rst",
                labels={"figure": figure},
            ),
            svg=f"<results>/figures/{figure}.svg",
        log:
            f"<results>/logs/figures/{figure}.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        params:
            figure=figure,
            study=STUDY.name,
            code=code_hash.figure_code(f"figures/{figure}.py"),
        message:
            f"figure {figure}"
        script:
            "../scripts/figure.py"
