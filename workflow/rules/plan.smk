# What the study will cost, before anything is spent. Needs: nothing (of a data set that is prepared, its images).
# Makes: results/calibration/<dataset>/<arch>/<recipe>.json by training a cell of each group for a few steps on this
# machine, and results/tables/plan.csv with its .md.
ON_GPUS = CLUSTER or hardware.num_gpus()


rule plan:
    input:
        "<results>/tables/plan.csv",


rule calibrate:
    input:
        manifest=prepared_manifest,
    output:
        calibration="<results>/calibration/{dataset}/{arch}/{recipe}.json",
    log:
        "<results>/logs/calibration/{dataset}/{arch}/{recipe}.log",
    conda:
        "../../envs/train.yaml"
    # All cores of one machine, as nothing may run beside what is timed.
    threads: 1 if CLUSTER else hardware.num_cores()
    resources:
        **(cell_resources(CLUSTER) if CLUSTER else CELL_RESOURCES),
    params:
        spec=lambda wildcards: json.dumps(spec_of_group(wildcards), sort_keys=True),
        entry=lambda wildcards: json.dumps(config["datasets"][wildcards.dataset], sort_keys=True),
        max_steps=config["plan"]["max_steps"],
        max_sec=config["plan"]["max_sec"],
        # Where there is no GPU a cell has a core.
        at_once=lambda wildcards, threads: config["plan"]["at_once"] if ON_GPUS else [threads],
        loader_workers=config["execution"]["loader_workers"],
        cuda_graph="--cuda-graph" if config["execution"]["cuda_graph"] else "",
        manifest=lambda wildcards, input: f"--manifest {input.manifest}" if input.manifest else "",
        # Not read by the script: on another machine, or with other code, it costs something else.
        machine=hardware.machine(),
        code=lambda wildcards: calibration_code(spec_of_group(wildcards)),
    message:
        "measure what {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} costs here"
    shell:
        "python workflow/scripts/calibrate.py --spec {params.spec:q} --entry {params.entry:q} {params.manifest}"
        " --output {output.calibration:q} --log {log:q} --max-steps {params.max_steps} --max-sec {params.max_sec}"
        " --at-once {params.at_once} --loader-workers {params.loader_workers} {params.cuda_graph}"


rule table_plan:
    input:
        expand("<results>/calibration/{group}.json", group=FIRST_CELLS),
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
        # Not read by the script: what changes it makes the table anew.
        asked=STUDY.asked(),
        recipes=json.dumps([config["recipes"][name] for part in STUDY.parts for name in part.recipes]),
        code=plan_code(),
    message:
        "table plan"
    script:
        "../scripts/plan.py"
