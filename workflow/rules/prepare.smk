# Preparation of data sets. Needs: their sources (downloaded, shipped, or a folder).
# Makes: results/data/<dataset>/manifest.json and the arrays or index beside it; results/checked.json.


rule prepare:
    input:
        expand("<results>/data/{dataset}/manifest.json", dataset=STUDY.datasets),
        "<results>/checked.json",


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


# Builds every network, schedule and optimizer of the study once, so that a knob that does not fit is found before
# any cell trains.
rule check_parts:
    input:
        manifests=expand("<results>/data/{dataset}/manifest.json", dataset=STUDY.datasets),
    output:
        "<results>/checked.json",
    params:
        specs=[STUDY.spec(cell) for cell in STUDY.one_cell_a_group()],
    log:
        "<results>/logs/prepare/check_parts.log",
    conda:
        "../../envs/train.yaml"
    message:
        "check that every architecture, schedule and optimizer of study {STUDY.name} can be built"
    script:
        "../scripts/check_parts.py"
