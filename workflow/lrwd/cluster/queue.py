"""Lists this folder's jobs in SLURM's queue. Uses squeue, which works with and without SLURM accounting."""

import contextlib
import getpass
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lrwd.study.cell import Cell
from lrwd.study.paths import number_text

# Generous, since SLURM's controller answers slowly under load.
TIMEOUT_SEC = 60
# Jobs in these states will not run again by themselves.
ENDED = {
    *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
    *("REVOKED", "TIMEOUT"),
}


class QueueError(Exception):
    """A SLURM command failed or did not answer."""


@dataclass(frozen=True)
class QueuedJob:
    """A job that squeue lists; it may have ended recently."""

    job: str
    state: str
    node: str
    comment: str

    @property
    def ended(self) -> bool:
        """Whether it will not run again."""
        return self.state in ENDED

    @property
    def running(self) -> bool:
        """Whether it has been allocated nodes."""
        return not self.ended and self.state != "PENDING"


def has_slurm() -> bool:
    """Whether SLURM's commands are installed on this machine."""
    return shutil.which("squeue") is not None


def jobs_here() -> list[QueuedJob]:
    """This user's jobs with the present working directory. Ended jobs are listed only for a few minutes.

    Raises:
        QueueError: squeue failed.
    """
    command = ["squeue", "--noheader", "--states=all", f"--user={getpass.getuser()}", "--format=%i|%T|%N|%k|%Z"]
    here, found = str(Path.cwd()), []
    for line in _run(command).splitlines():
        job, state, node, comment, folder = line.split("|", 4)
        if folder == here:
            found.append(QueuedJob(job, state, node, comment))
    return found


def comment_of(cell: Cell) -> str:
    """The job comment that Snakemake's SLURM plugin gives to a cell's job."""
    names = (cell.dataset, cell.arch, cell.recipe, number_text(cell.lr), number_text(cell.wd), str(cell.seed))
    return f"rule_train_cell_wildcards_{'_'.join(names)}"


def submit(arguments: list[str]) -> str:
    """Submit a job and return its number.

    Raises:
        QueueError: sbatch refused; the message is its reason.
    """
    return _run(["sbatch", "--parsable", *arguments]).strip().partition(";")[0]


def cancel(jobs: list[str]) -> None:
    """Cancel jobs; jobs that have already ended are ignored."""
    if jobs:
        with contextlib.suppress(QueueError):
            _run(["scancel", *jobs])


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SEC, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise QueueError(error.stderr.strip() or str(error)) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QueueError(str(error)) from None
