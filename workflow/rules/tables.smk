# Tables. Needs: results/runs.csv. Makes: results/tables/<table>.csv and .md for every file in workflow/lrwd/tables.


rule tables:
    """All tables of the study."""
    input:
        expand("<results>/tables/{table}.csv", table=TABLES),


# One rule per table, since the path of a caption cannot contain a wildcard.
for table in TABLES:

    rule:
        name:
            f"table_{table}"
        input:
            runs="<results>/runs.csv",
            # Used by the table of rounds only.
            rounds=round_files if STUDY.sequential else [],
        output:
            csv=report(
                f"<results>/tables/{table}.csv",
                category="Tables",
                caption=f"../report/table_{table}.rst",
                labels={"table": table},
            ),
            md=f"<results>/tables/{table}.md",
        log:
            f"<results>/logs/tables/{table}.log",
        localrule: True
        conda:
            "../../envs/analysis.yaml"
        params:
            table=table,
            analysis=SESSION.config["analysis"],
            code=code_hash.table_code(table),
        message:
            f"table {table}"
        script:
            "../scripts/table.py"
