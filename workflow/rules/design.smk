# Simulations of what the grid can identify, without training. Needs: the configuration; for imported runs, the runs,
# which define the grid. Makes: results/tables/identifiability.csv and calibration.csv with their .md, and
# results/figures/power.png and .svg.
import json


rule design:
    """What the grid can identify, by simulation before any training."""
    input:
        expand("<results>/tables/{table}.csv", table=SESSION.design_tables),
        "<results>/figures/power.png",


# One rule per table, since the path of a caption cannot contain a wildcard.
for table in SESSION.design_tables:

    rule:
        name:
            f"table_{table}"
        input:
            runs=f"<results>/studies/{STUDY.name}/runs.csv" if STUDY.imported else [],
            missing=SESSION.missing,
        output:
            csv=report(
                f"<results>/tables/{table}.csv",
                category="Design",
                caption=f"../report/table_{table}.rst",
                labels={"table": table},
            ),
            md=f"<results>/tables/{table}.md",
        log:
            f"<results>/logs/tables/{table}.log",
        conda:
            "../../envs/analysis.yaml"
        resources:
            **SESSION.resources.simulation,
        params:
            table=table,
            # Not used by the script: if they change, the rule runs again.
            study=STUDY.analysis_key(),
            design=json.dumps(SESSION.config["design"], sort_keys=True),
            code=code_hash.design_code(),
        message:
            f"simulate studies for table {table}"
        script:
            "../scripts/design.py"


rule figure_power:
    input:
        table="<results>/tables/identifiability.csv",
    output:
        png=report(
            "<results>/figures/power.png",
            category="Design",
            caption="../report/figure_power.rst",
            labels={"figure": "power"},
        ),
        svg="<results>/figures/power.svg",
    log:
        "<results>/logs/figures/power.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=STUDY.name,
        enough=SESSION.config["design"]["enough_power"],
        code=code_hash.figure_code("design/power.py"),
    message:
        "figure power"
    script:
        "../scripts/power.py"
