"""The metric that a study selects on, as figures print it: its name, unit and direction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lrwd.analysis.response import metric_name


@dataclass(frozen=True)
class Metric:
    """How a metric is printed.

    Args:
        selected, reported: names of what selects and of what is reported, such as ``val_loss`` and ``test_loss``.
        lower_is_better: whether the best value is the smallest.
    """

    selected: str
    reported: str
    lower_is_better: bool

    @property
    def is_accuracy(self) -> bool:
        """Whether the values are fractions of images, which are printed in percent."""
        return self.selected.endswith("top1")

    @property
    def scale(self) -> float:
        """Factor from the values to what is printed."""
        return 100.0 if self.is_accuracy else 1.0

    @property
    def label(self) -> str:
        """Label of an axis of reported values: ``test accuracy (%)``."""
        unit = "%" if self.is_accuracy else "nats" if self.selected.endswith("loss") else ""
        return f"{_words(self.reported)} ({unit})" if unit else _words(self.reported)

    def label_of_differences(self, of: str) -> str:
        """Label of an axis of differences to the best of what selects; ``of`` says of which runs it is the best."""
        unit = "pp" if self.is_accuracy else "nats" if self.selected.endswith("loss") else ""
        side = "above" if self.lower_is_better else "below"
        return f"{_words(self.selected)} {side} the best of {of}" + (f" ({unit})" if unit else "")

    @property
    def name(self) -> str:
        """What selects, in words."""
        return _words(self.selected)

    def merit(self, values: pd.Series) -> pd.Series:
        """Values as printed, but negative if lower is better, so that more is better."""
        return (-self.scale if self.lower_is_better else self.scale) * values


ACCURACY = Metric("top1", "top1", lower_is_better=False)


def metric_of(runs: pd.DataFrame) -> Metric:
    """The metric of a table of runs with the columns of ``surfaces.with_metric``, at least one row."""
    own = runs[runs["select_metric"].notna()]
    first = (own if len(own) else runs).iloc[0]
    selected = str(first["metric"])
    split, _, kind = selected.rpartition("_")
    same = np.array_equal(own["select_metric"], own["report_metric"], equal_nan=True)
    # What is reported is that of the test images, unless a file from elsewhere has one column for both.
    reported = f"test_{kind}" if split and kind in ("top1", "loss") and not same else selected
    return Metric(selected, reported, str(first["direction"]) == "min")


def _words(name: str) -> str:
    return metric_name(name).replace("`", "")
