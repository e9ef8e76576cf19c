# Training, one job a cell. Needs: the prepared data set. Makes: results/runs/<dataset>/<arch>/<recipe>/<cell>.json,
# a log of the same name under results/logs/, and while it trains a checkpoint under results/checkpoints/.


rule train:
    input:
        all_records,


rule train_cell:
    input:
        manifest="<results>/data/{dataset}/manifest.json",
    output:
        record=f"<results>/runs/{CELL_PATTERN}.json",
    params:
        spec=lambda wildcards: json.dumps(STUDY.spec(cell_of(wildcards)), sort_keys=True),
        # Not read by the script: a change of what the code computes reruns the cell.
        code=lambda wildcards: training_code(STUDY.spec(cell_of(wildcards))),
        checkpoint=f"<results>/checkpoints/{CELL_PATTERN}.ckpt",
        checkpoint_sec=config["execution"]["checkpoint_sec"],
        loader_workers=config["execution"]["loader_workers"],
        warm="--warm" if config["execution"]["warm_start"] else "",
    log:
        f"<results>/logs/runs/{CELL_PATTERN}.log",
    # One thread: sums over several round differently, and cells beside each other use the cores better.
    threads: 1
    resources:
        gpu=hardware.gpus_per_cell(),
    conda:
        "../../envs/train.yaml"
    message:
        "train {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
    shell:
        "python -S -E workflow/scripts/train.py --spec {params.spec:q} --manifest {input.manifest:q}"
        " --record {output.record:q} --checkpoint {params.checkpoint:q} --log {log:q} --threads {threads}"
        " --checkpoint-sec {params.checkpoint_sec} --loader-workers {params.loader_workers} {params.warm}"
