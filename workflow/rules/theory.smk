# Predictions of the two posts, compared with trainings (target `theory`). Needs: the records of the studies named in
# STUDIES in the files of workflow/lrwd/theory/tables; these studies are trained independently of the configured study.
# Makes: results/theory/tables/<table>.csv and .md, results/theory/figures/<figure>.png and .svg, and results/theory.md.
THEORY_TABLES, THEORY_FIGURES = SESSION.theory_tables, SESSION.theory_figures


rule theory:
    """Claims of the two posts, tested by trainings: results/theory.md."""
    input:
        expand("<results>/theory/tables/{table}.csv", table=THEORY_TABLES),
        expand("<results>/theory/figures/{figure}.png", figure=THEORY_FIGURES),
        "<results>/theory.md",


rule theory_records:
    input:
        records=SESSION.theory_records,
        missing="<results>/studies/{study}/missing",
    output:
        records="<results>/studies/{study}/records.jsonl",
    log:
        "<results>/logs/studies/{study}/theory_records.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not used by the script: if it changes, the rule runs again.
        study=lambda wildcards: SESSION.theory_study(wildcards.study).analysis_key(),
    message:
        "join the records of study {wildcards.study}"
    script:
        "../scripts/theory_records.py"


# One rule per table, since the path of a caption cannot contain a wildcard. Inputs are functions, so that they are
# evaluated only if the target needs them.
for table in THEORY_TABLES:

    rule:
        name:
            f"theory_table_{table}"
        input:
            records=lambda wildcards, table=table: [SESSION.joined_records(study) for study in studies_of(table)],
            tables=lambda wildcards, table=table: SESSION.theory_inputs("theory/tables", table),
        output:
            csv=report(
                f"<results>/theory/tables/{table}.csv",
                category="Theory",
                caption=f"../report/theory_table_{table}.rst",
                labels={"table": table},
            ),
            md=f"<results>/theory/tables/{table}.md",
        log:
            f"<results>/logs/theory/tables/{table}.log",
        conda:
            "../../envs/analysis.yaml"
        resources:
            **SESSION.resources.simulation,
        params:
            table=table,
            # Not used by the script: if they change, the rule runs again.
            knobs=lambda wildcards, table=table: repr(knobs_of(table, SESSION.config)),
            code=code_hash.theory_code(table),
        message:
            f"theory table {table}"
        script:
            "../scripts/theory_table.py"


for figure in THEORY_FIGURES:

    rule:
        name:
            f"theory_figure_{figure}"
        input:
            tables=lambda wildcards, figure=figure: SESSION.theory_inputs("theory/figures", figure),
        output:
            png=report(
                f"<results>/theory/figures/{figure}.png",
                category="Theory",
                caption=f"../report/theory_figure_{figure}.rst",
                labels={"figure": figure},
            ),
            svg=f"<results>/theory/figures/{figure}.svg",
        log:
            f"<results>/logs/theory/figures/{figure}.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        params:
            figure=figure,
            code=code_hash.figure_code(f"theory/figures/{figure}.py"),
        message:
            f"theory figure {figure}"
        script:
            "../scripts/theory_figure.py"


rule theory_page:
    input:
        tables=expand("<results>/theory/tables/{table}.csv", table=THEORY_TABLES),
    output:
        md="<results>/theory.md",
        html=report(
            "<results>/theory.html",
            category="Theory",
            caption="../report/theory_page.rst",
            labels={"page": "claims"},
        ),
    log:
        "<results>/logs/theory/page.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        code=code_hash.theory_page_code(),
    message:
        "write the page on the posts' claims"
    script:
        "../scripts/theory_page.py"
