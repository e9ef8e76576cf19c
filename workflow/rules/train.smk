# Training, one job a cell. Needs: the prepared data set and, for a schedule made from gradient norms, the record of the
# cell that they come from, whose recipe is the schedule's `base`. Makes:
# results/runs/<dataset>/<arch>/<recipe>/<cell>.json, a log of the same name under results/logs/, and while it trains a
# checkpoint under results/checkpoints/.


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
    localrule: SESSION.pool is not None
    conda:
        "../../envs/train.yaml"
    # One thread: sums over several round differently, and one core a cell uses the machine best.
    threads: 1
    resources:
        **SESSION.resources.cell,
    params:
        # A change of the spec, or of what the code computes, reruns the cell.
        spec=SESSION.spec_text,
        code=SESSION.training_code,
        # How a cell is run changes no result.
        script=unrecorded(lambda *_: script_path("train.py")),
        job=unrecorded(SESSION.jobs.train),
    message:
        "train {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
    shell:
        "python -S -E {params.script:q} --job {params.job:q}"
