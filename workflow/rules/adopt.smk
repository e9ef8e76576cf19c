# Adopts cells whose SLURM jobs were submitted by an earlier start of Snakemake. Needs: their jobs. Makes: nothing; it
# waits for the records that the jobs write.


ruleorder: adopt_cell > train_cell


# To Snakemake the output and the params are those of train_cell, so that nothing reruns later. `update` keeps Snakemake
# from deleting the record first.
use rule train_cell as adopt_cell with:
    output:
        record=update(f"<results>/runs/{CELL_PATTERN}.json"),
    log:
        f"<results>/logs/adopted/{CELL_PATTERN}.log",
    wildcard_constraints:
        # Matches the adopted cells only.
        dataset=SESSION.adopted_pattern(),
    localrule: True
    params:
        job=unrecorded(SESSION.jobs.adopt),
    message:
        "started earlier: {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
