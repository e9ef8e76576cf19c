# Shared by all rules: the session (workflow/lrwd/session) provides the configured study, its paths and its jobs.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent))

from lrwd import code_hash
from lrwd.session.jobs import script_path, unrecorded
from lrwd.session.session import open_session
from lrwd.study.paths import CELL_PATTERN
from lrwd.theory.targets import knobs_of, studies_of

SESSION = open_session(
    config, workflow.configfiles, globals().get("SITE"), globals().get("PACKED", False), workflow.is_main_process
)
STUDY, TABLES, FIGURES = SESSION.study, SESSION.tables, SESSION.figures


pathvars:
    results=SESSION.results,


wildcard_constraints:
    dataset="[a-z0-9_]+",
    arch="[a-z0-9_]+",
    recipe="[a-z0-9_]+",
    lr="[0-9.e+-]+",
    wd="[0-9.e+-]+",
    seed="[0-9]+",
    study="[a-z0-9_]+",


onstart:
    if SESSION.begin(workflow.dag_settings.targets):
        # This process holds no lock on the folder. Without this line, it would remove the lock of the process that
        # trains when it ends.
        workflow.persistence.unlock = workflow.persistence.noop
