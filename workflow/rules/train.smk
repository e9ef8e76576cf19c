# Training, one job per cell. Needs: the prepared data set and, if the recipe has a base, the record of the base cell
# (which provides gradient norms or initial weights). Makes: results/runs/<dataset>/<arch>/<recipe>/<cell>.json, a log
# of the same name under results/logs/, and during training a checkpoint under results/checkpoints/.


rule train:
    """All trainings of the study."""
    input:
        all_records,


rule train_cell:
    input:
        manifest="<results>/data/{dataset}/manifest.json",
        base=SESSION.base_record,
    output:
        record=f"<results>/runs/{CELL_PATTERN}.json",
    log:
        f"<results>/logs/runs/{CELL_PATTERN}.log",
    priority: SESSION.jobs.priority
    localrule: SESSION.pool is not None
    conda:
        "../../envs/train.yaml"
    # One thread: with several, sums are rounded differently, and one core per cell gives the highest throughput.
    threads: 1
    resources:
        **SESSION.resources.cell,
    params:
        # Not used by the script: if the spec or the training code change, the cell runs again.
        spec=SESSION.spec_text,
        code=SESSION.training_code,
        # Not recorded, since the way in which a cell is run does not affect its result.
        script=unrecorded(lambda *_: script_path("train.py")),
        job=unrecorded(SESSION.jobs.train),
    message:
        "train {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
    shell:
        "python -S -E {params.script:q} --job {params.job:q}"
