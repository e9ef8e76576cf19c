"""Makes one table of the theory from records and other tables."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lrwd import registry
from lrwd.execution.script import script
from lrwd.runs.record import read_joined_records
from lrwd.study.defaults import with_defaults
from lrwd.tables._write import read_tables, write_table
from lrwd.theory.targets import knobs_of

with script(snakemake.log[0]):
    part = registry.part("theory/tables", snakemake.params.table)
    records = {Path(path).parent.name: read_joined_records(path) for path in snakemake.input.records}
    tables = read_tables(snakemake.input.tables)
    frame = part.build(knobs_of(snakemake.params.table, with_defaults(snakemake.config)), records, tables)
    write_table(frame, snakemake.output.csv, snakemake.output.md, part.__doc__.splitlines()[0])
