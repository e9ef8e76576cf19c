# Preparation of data sets. Needs: their sources (downloaded, shipped, or a folder).
# Makes: results/data/<dataset>/manifest.json and the arrays or index beside it.


rule prepare:
    input:
        expand("<results>/data/{dataset}/manifest.json", dataset=STUDY.datasets),


rule prepare_data:
    output:
        manifest="<results>/data/{dataset}/manifest.json",
    params:
        entry=lambda wildcards: config["datasets"][wildcards.dataset],
        downloads="<results>/downloads",
    log:
        "<results>/logs/prepare/{dataset}.log",
    conda:
        "../../envs/train.yaml"
    message:
        "prepare data set {wildcards.dataset}"
    script:
        "../scripts/prepare.py"
