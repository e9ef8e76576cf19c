"""What became of a run, in the words of the tools that write it down."""

import pandas as pd

from lrwd.runs.external_numbers import is_missing

DONE, DIVERGED, FAILED, UNFINISHED, PRUNED = "done", "diverged", "failed", "unfinished", "pruned"
# Sources: the run states of W&B, MLflow's RunStatus, Optuna's TrialState.
_WORDS = {
    **dict.fromkeys(("ok", "finished", "complete", "completed", "success", "succeeded", "done"), DONE),
    **dict.fromkeys(("diverged", "nan"), DIVERGED),
    **dict.fromkeys(("failed", "fail", "crashed", "error", "killed"), FAILED),
    **dict.fromkeys(
        ("running", "waiting", "scheduled", "pending", "queued", "starting", "preempting", "preempted"), UNFINISHED
    ),
    "pruned": PRUNED,
}


def states_of(status: pd.Series) -> pd.Series:
    """The state of each row: one of the five above. A word that is not known counts as done."""
    words = status.str.lower().str.removeprefix("trialstate.").str.removeprefix("runstatus.")
    return words.map(_WORDS).fillna(DONE)


def are_states(column: pd.Series) -> bool:
    """Whether every entry of a column is such a word."""
    words = column[~is_missing(column)].str.lower().str.removeprefix("trialstate.").str.removeprefix("runstatus.")
    return bool(len(words) and words.isin(list(_WORDS)).all())
