"""What every script of a rule does: log, and errors that a user can act on without reading a traceback."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrwd.errors import ConfigError, DataError, RecordError


@contextmanager
def script(log: str) -> Iterator[None]:
    """Run a script's body: its failure goes to the log, and to the terminal in one line if it is the user's to mend.

    Args:
        log: path of the rule's log.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except (ConfigError, DataError, RecordError) as error:
        # What it says is enough to mend it; a traceback would bury that.
        Path(log).write_text(f"{type(error).__name__}: {error}\n")
        sys.exit(f"\nError: {error}\n")
    except Exception:
        Path(log).write_text(traceback.format_exc())
        raise
    else:
        Path(log).write_text("ok\n")
