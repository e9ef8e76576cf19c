# Preparation of data sets. Needs: their sources (downloaded, shipped, or a folder).
# Makes: results/data/<dataset>/manifest.json and the arrays or index beside it.


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
        # Not read by the script: a change of what the code prepares makes the data set anew.
        code=lambda wildcards: code_hash.preparation_code(SESSION.data_entry(wildcards)["source"]),
        downloads=f"{SESSION.results}/downloads/{{dataset}}",
        # Another study's demands are no reason to prepare anew.
        demands=unrecorded(lambda wildcards, *_: SESSION.demands(wildcards)),
        script=unrecorded(lambda *_: script_path("prepare.py")),
    message:
        "prepare data set {wildcards.dataset}"
    # Not `script:`, whose date Snakemake looks at: a `git pull` would prepare anew, and train every cell again.
    shell:
        "python {params.script:q} --dataset {wildcards.dataset} --entry {params.entry:q}"
        " --manifest {output.manifest:q} --downloads {params.downloads:q} --log {log:q} --demands {params.demands:q}"
