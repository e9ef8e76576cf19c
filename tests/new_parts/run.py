"""Runs the tests that all parts share on a copy of the repository that has the parts of this folder too.

    python3 envs/run.py --dev python tests/new_parts/run.py

These tests run over the registry, and nothing in them names a part: a new file must be taken up by itself.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from copies import copy_repository

HERE = Path(__file__).resolve().parent
FOLDERS = ("models", "optim", "schedules", "data")
TESTS = [f"tests/unit/{name}" for name in ("optim", "schedules", "models", "test_parts.py", "test_dependencies.py")]
# Of each shared test the case of a new part, and the tests that look at the package as a whole.
CHOSEN = "mine or no_knob or rules"
LEAST = 30


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lrwd-parts-") as place:
        copy = Path(place) / "repository"
        copy_repository(copy)
        for folder in FOLDERS:
            for part in (HERE / folder).glob("mine_*.py"):
                shutil.copy(part, copy / "workflow/lrwd" / folder / part.name)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, "-k", CHOSEN]
        answer = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, text=True, check=False)
    print(answer.stdout)
    passed = re.search(r"(\d+) passed", answer.stdout)
    if answer.returncode == 0 and (passed is None or int(passed[1]) <= LEAST):
        print(f"new parts: more than {LEAST} tests should have found them")
        return 1
    return answer.returncode


if __name__ == "__main__":
    raise SystemExit(main())
