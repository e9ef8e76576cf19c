"""Common wrapper of the rules' scripts: writes the log, and reports user errors without a traceback."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrwd.errors import ConfigError, DataError, RecordError


@contextmanager
def script(log: str) -> Iterator[None]:
    """Run a script's body. A failure is logged; an error that the user can fix is also printed in one line.

    Args:
        log: path of the rule's log.
    """
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except (ConfigError, DataError, RecordError) as error:
        # The message is enough to fix the error; a traceback would hide it.
        Path(log).write_text(f"{type(error).__name__}: {error}\n")
        sys.exit(f"\nError: {error}\n")
    except Exception:
        Path(log).write_text(traceback.format_exc())
        raise
    else:
        Path(log).write_text("ok\n")
