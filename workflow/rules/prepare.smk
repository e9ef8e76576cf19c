# Preparation of data sets. Needs: their sources (a download, data of a package, or a folder).
# Makes: results/data/<dataset>/manifest.json and the arrays or index in the same folder.


import json


rule prepare:
    """All data sets of the study, prepared."""
    input:
        expand("<results>/data/{dataset}/manifest.json", dataset=STUDY.datasets),


rule prepare_data:
    output:
        manifest="<results>/data/{dataset}/manifest.json",
    log:
        "<results>/logs/prepare/{dataset}.log",
    conda:
        "../../envs/train.yaml"
    resources:
        **SESSION.resources.data,
    params:
        entry=lambda wildcards: json.dumps(SESSION.data_entry(wildcards), sort_keys=True),
        # Not used by the script: if it changes, the data set is prepared again.
        code=lambda wildcards: code_hash.preparation_code(SESSION.data_entry(wildcards)["source"]),
        downloads=f"{SESSION.results}/downloads/{{dataset}}",
        # Not recorded: the requirements of another study must not cause a new preparation.
        demands=unrecorded(lambda wildcards, *_: SESSION.demands(wildcards)),
        script=unrecorded(lambda *_: script_path("prepare.py")),
    message:
        "prepare data set {wildcards.dataset}"
    # Not `script:`, since Snakemake checks the script's modification date. A `git pull` would then prepare the data set
    # again and train every cell again.
    shell:
        "python {params.script:q} --dataset {wildcards.dataset} --entry {params.entry:q}"
        " --manifest {output.manifest:q} --downloads {params.downloads:q} --log {log:q} --demands {params.demands:q}"
