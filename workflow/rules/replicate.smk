# Compares the study's slopes on this machine with the committed replications. Needs: tables/ridge.csv and
# workflow/resources/replications/<study>.csv (made by benchmarks/replications.py). Makes: results/replicate.md.


rule replicate:
    """Do the statements of the committed study hold on this machine? results/replicate.md."""
    input:
        ridge="<results>/tables/ridge.csv",
        replications=committed_replications,
    output:
        "<results>/replicate.md",
    log:
        "<results>/logs/replicate.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        study=STUDY.name,
        # Not used by the script: if it changes, the rule runs again.
        code=code_hash.replicate_code(),
    message:
        f"compare study {STUDY.name} with its committed replications"
    script:
        "../scripts/replicate.py"
