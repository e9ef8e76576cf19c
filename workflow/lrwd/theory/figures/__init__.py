"""Figures of the target ``theory``: one file each, drawn from theory tables; they compute nothing.

A figure is a module with ``TABLES``, the names of the theory tables that it draws, and ``draw(tables)``, which takes
them by their names (``_frame.from_tables`` makes it). Its caption in the report is
workflow/report/theory_figure_<name>.rst.
"""
