# Training, one job a cell. Needs: the prepared data set and, for a schedule made from gradient norms, the record of the
# cell that they come from, whose recipe is the schedule's `base`. Makes:
# results/runs/<dataset>/<arch>/<recipe>/<cell>.json, a log of the same name under results/logs/, and while it trains a
# checkpoint under results/checkpoints/.


rule train:
    input:
        all_records,


rule train_cell:
    input:
        manifest="<results>/data/{dataset}/manifest.json",
        base=base_record,
    output:
        record=f"<results>/runs/{CELL_PATTERN}.json",
    log:
        f"<results>/logs/runs/{CELL_PATTERN}.log",
    localrule: POOL is not None
    conda:
        "../../envs/train.yaml"
    # One thread: sums over several round differently, and cells beside each other use the cores better.
    threads: 1
    resources:
        **CELL_RESOURCES,
    params:
        spec=lambda wildcards: json.dumps(spec_of(wildcards), sort_keys=True),
        # Not read by the script: a change of what the code computes reruns the cell.
        code=lambda wildcards: training_code(spec_of(wildcards)),
        checkpoint=f"{STUDY.results}/checkpoints/{CELL_PATTERN}.ckpt",
        # Written for recipes that save weights; not an output, as Snakemake has no outputs of some cells only.
        weights=f"{STUDY.results}/weights/{CELL_PATTERN}.pt",
        # How a cell is run changes no result. Of params that are functions of the resources Snakemake keeps no record,
        # so that a change of these reruns nothing.
        checkpoint_sec=lambda wildcards, resources: config["execution"]["checkpoint_sec"],
        loader_workers=lambda wildcards, resources: config["execution"]["loader_workers"],
        # A process for every GPU of the cell.
        processes=lambda wildcards, resources: max(1, resources.get("gpu", 1)),
        cuda_graph=lambda wildcards, resources: "--cuda-graph" if config["execution"]["cuda_graph"] else "",
        how=lambda wildcards, resources: HOW,
        start=lambda wildcards, resources: start_path(wildcards),
    message:
        "train {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
    shell:
        "python -S -E workflow/scripts/train.py --spec {params.spec:q} --manifest {input.manifest:q}"
        " --record {output.record:q} --checkpoint {params.checkpoint:q} --log {log:q} --threads {threads}"
        " --checkpoint-sec {params.checkpoint_sec} --loader-workers {params.loader_workers}"
        " --processes {params.processes} --start {params.start:q} --weights {params.weights:q} {params.how}"
        " {params.cuda_graph}"
        " --base {input.base:q}"
