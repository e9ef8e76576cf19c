# Cells that an earlier start left in SLURM's queue, or trained unseen. Needs: their jobs. Makes: nothing itself; it
# waits for their records, which are then this start's.


ruleorder: adopt_cell > train_cell


# The same cell as to Snakemake, so that nothing reruns later; but waited for here, and its record not deleted first.
use rule train_cell as adopt_cell with:
    output:
        record=update(f"<results>/runs/{CELL_PATTERN}.json"),
    log:
        f"<results>/logs/adopted/{CELL_PATTERN}.log",
    wildcard_constraints:
        # These cells only: what follows `runs/` is one of them.
        dataset=SESSION.adopted_pattern(),
    localrule: True
    params:
        job=unrecorded(SESSION.jobs.adopt),
    message:
        "begun by an earlier start: {wildcards.dataset}/{wildcards.arch}/{wildcards.recipe} lr={wildcards.lr} wd={wildcards.wd} seed={wildcards.seed}"
