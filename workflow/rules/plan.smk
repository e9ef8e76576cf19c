# Predicts the cost of the study before training. Needs: nothing; if a data set is prepared, its images are used.
# Makes: results/calibration/<dataset>/<arch>/<recipe>.json by training a cell of each group for a few steps on this
# machine, and results/tables/plan.csv with its .md.


rule plan:
    """Predicted cost of the study on this machine, from a few training steps of each group."""
    input:
        "<results>/tables/plan.csv",


rule measure_cost:
    input:
        manifest=SESSION.prepared_manifest,
    output:
        cost="<results>/calibration/{dataset}/{arch}/{recipe}.json",
    log:
        "<results>/logs/calibration/{dataset}/{arch}/{recipe}.log",
    conda:
        "../../envs/train.yaml"
    threads: SESSION.resources.measurement_threads
    resources:
        **SESSION.resources.measurement,
    params:
        job=lambda wildcards, threads: SESSION.jobs.measure(wildcards, threads),
        manifest=lambda wildcards, input: f"--manifest {input.manifest}" if input.manifest else "",
        script=unrecorded(lambda *_: script_path("measure.py")),
        # Not used by the script: if machine or code change, the cost is measured again.
        machine=SESSION.resources.machine,
        code=SESSION.measurement_code,
    message:
        "measure the cost of {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} on this machine"
    shell:
        "python {params.script:q} --job {params.job:q} {params.manifest} --output {output.cost:q} --log {log:q}"


rule table_plan:
    input:
        expand("<results>/calibration/{group}.json", group=SESSION.first_cells),
    output:
        csv=report(
            "<results>/tables/plan.csv",
            category="Design",
            caption="../report/table_plan.rst",
            labels={"table": "plan"},
        ),
        md="<results>/tables/plan.md",
    log:
        "<results>/logs/tables/plan.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not used by the script: if they change, the rule runs again.
        study=STUDY.analysis_key(),
        recipes=repr([SESSION.config["recipes"][name] for part in STUDY.parts for name in part.recipes]),
        code=code_hash.plan_code(),
    message:
        "table plan"
    script:
        "../scripts/plan.py"
