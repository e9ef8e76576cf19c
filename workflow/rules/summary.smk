# All studies in one figure. Needs: the tables of ridges that lie below the results folder. Makes: results/summary.csv and
# results/summary.png.


rule summary:
    """The slope of every network, recipe and data set that was run: results/summary.png."""
    input:
        lambda wildcards: ridge_tables(SESSION.results),
    output:
        csv="<results>/summary.csv",
        png="<results>/summary.png",
        svg="<results>/summary.svg",
    log:
        "<results>/logs/summary.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not used by the script: if it changes, the rule runs again.
        code=code_hash.summary_code(),
    message:
        "summary of all studies"
    script:
        "../scripts/summary.py"
