# Checks the targets of the command line. Needs: all other rules, so it is included last. Makes: a message that names the
# nearest target, where Snakemake would only say that no rule makes a file; and for a training that is not one of the
# study's, what is allowed.
from snakemake.cli import get_argument_parser

from lrwd.session.refuse import Values, check_targets, one_line

# If another workflow uses this one as a module, the targets are that workflow's.
repository = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).resolve().parents[1]
if workflow.is_main_process and Path(workflow.main_snakefile).resolve().parent == repository:
    with one_line():
        targets = get_argument_parser().parse_args(sys.argv[1:]).targets or ()
        makers = check_targets(targets, workflow.rules, STUDY.name)
        for path, maker in makers.items():
            if maker.name == "train_cell":
                SESSION.study_and_cell(Values(maker.get_wildcards(path)))
