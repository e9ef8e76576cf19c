# Rounds of a sequential study. Needs: records of the previous rounds. Makes: results/studies/<study>/rounds/<n>.json
# with the cells of round n (n >= 1) and the reasons for them. In the last file, all networks have stopped.


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
        # Not used by the script: if they change, the round is chosen again.
        study=STUDY.rounds_key,
        code=code_hash.rounds_code(),
    message:
        f"choose round {{wildcards.round}} of study {STUDY.name}"
    script:
        "../scripts/choose_round.py"
