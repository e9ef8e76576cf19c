"""Weight RMS of each kind of layer after every epoch, measured and predicted."""

import pandas as pd

from lrwd.theory.tables._inputs import NoKnobs as Config
from lrwd.theory.tables._inputs import Records, Tables
from lrwd.theory.tables._weight_rms import paths

STUDIES = ("weight_rms",)
TABLES: tuple[str, ...] = ()


def build(config: Config, records: Records, tables: Tables) -> pd.DataFrame:
    """Means over seeds of measured and predicted RMS.

    Args:
        config: none.
        records: of the study.
        tables: none.

    Returns:
        A row for each (arch, recipe, lr, wd, kind of layer) and epoch, and one for the initial weights at step 0.
    """
    rows = []
    for path in paths(records["weight_rms"]):
        rows.append({**path.key, "step": 0, "measured": path.first.mean(), "predicted": path.first.mean()})
        for step, measured, predicted in zip(path.steps, path.measured.T, path.predicted.T, strict=True):
            rows.append({**path.key, "step": int(step), "measured": measured.mean(), "predicted": predicted.mean()})
    return pd.DataFrame(rows)
