"""Predictions of the posts beside what they predict: one table a file, made by the target ``theory``.

A table is a module with

* ``STUDIES``: names of the studies of config.yaml whose records it reads, () for none; they are trained for it;
* ``TABLES``: names of the theory tables that it is made from, () for none;
* ``Config``: a frozen dataclass of its knobs, from ``theory.tables.<name>`` in config.yaml;
* ``build(config, records, tables)``: the table, from the records of each study and the tables, by their names;
* ``claims(table)``, if it bears on any: which of the posts' claims hold, for results/theory.md (see ``_claim.py``).

The first line of its docstring is the caption of the Markdown table; that of the report is
workflow/report/theory_table_<name>.rst.
"""
