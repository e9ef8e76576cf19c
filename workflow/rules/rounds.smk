# Rounds of a sequential study. Needs: the records of the rounds before. Makes: results/studies/<study>/rounds/<n>.json,
# which cells round n has and why, for n from 1 on; in the last of them all networks have stopped.


checkpoint choose_round:
    input:
        records=lambda wildcards: SESSION.grid_records(rounds_before(wildcards)),
        rounds=rounds_before,
    output:
        SESSION.rounds.pattern,
    log:
        f"<results>/logs/studies/{STUDY.name}/round_{{round}}.log",
    wildcard_constraints:
        round="[1-9][0-9]*",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        # Not read by the script: what changes them chooses anew.
        study=STUDY.rounds_key,
        code=code_hash.rounds_code(),
    message:
        f"choose round {{wildcards.round}} of study {STUDY.name}"
    script:
        "../scripts/choose_round.py"
