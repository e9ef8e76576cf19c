"""The ridge of a group by each estimator, fitted once a process."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lrwd import paper
from lrwd.analysis.response import Response, response_of
from lrwd.analysis.surfaces import Group
from lrwd.stats.argmax_ols import fit_argmax_ols
from lrwd.stats.censored_peak import fit_censored_peak
from lrwd.stats.cloud import fit_cloud, is_cloud
from lrwd.stats.peak import Peaks, find_peaks
from lrwd.stats.response_surface import fit_response_surface
from lrwd.stats.ridge import UNKNOWN, Ridge, verdict
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.surface import Floats, Surface

ROW_LIKELIHOOD, CENSORED_PEAK = "row_likelihood", "censored_peak"
RESPONSE_SURFACE, ARGMAX_OLS = "response_surface", "argmax_ols"
RECOMMENDED = ROW_LIKELIHOOD
OTHERS = (CENSORED_PEAK, RESPONSE_SURFACE, ARGMAX_OLS)
ESTIMATORS = (RECOMMENDED, *OTHERS)
# How the estimators are called in texts.
NAMES = {
    ROW_LIKELIHOOD: "row likelihoods (recommended)",
    CENSORED_PEAK: "censored peaks",
    RESPONSE_SURFACE: "response surface",
    ARGMAX_OLS: "the paper's",
}
NO_GRID = "no grid run"
# The verdict of a network of which no one slope is named.
OPEN = UNKNOWN


@dataclass(frozen=True, eq=False)
class Ridges:
    """A group's ridge by each estimator.

    Args:
        row: by the recommended estimator, with its posterior.
        peaks: of the parabolas at each learning rate; None without a grid.
        by_estimator: the ridges in one form.
    """

    row: RowRidge
    peaks: Peaks | None
    by_estimator: dict[str, Ridge]

    def verdict(self, estimator: str) -> tuple[str, str]:
        """What stays constant by an estimator, and why, in words."""
        if estimator == ROW_LIKELIHOOD:
            return self.row.verdict, self.row.reason
        return verdict(self.by_estimator[estimator])

    @property
    def blind(self) -> str:
        """Why the runs do not show the ridge; empty if they do."""
        return "" if self.row.has_number else self.row.reason


def fit_ridges(group: Group) -> Ridges:
    """Fit the ridge of a group's grid by all estimators; runs of equal content are fitted once.

    The recommended estimator takes the metric on which the study selects; the others know accuracies only.
    """
    response = response_of(group)
    row = RowRidge(reason=NO_GRID) if response is None else fit_response(response)
    blind = NO_GRID if response is None else "no accuracy in the runs"
    peaks, others = (None, dict.fromkeys(OTHERS, Ridge(reason=blind))) if group.grid is None else _others(group.grid)
    # The error of a posterior rests on the noise, whose degrees of freedom it therefore has.
    own = replace(row.as_ridge(), df=max(round(row.noise_df), 1) if row.has_number else 0)
    return Ridges(row, peaks, {ROW_LIKELIHOOD: own, **others})


def fit_response(response: Response) -> RowRidge:
    """The recommended estimator: of a grid, or of a cloud if hardly any learning rate occurs twice."""
    shape = response.select.shape
    return _fit_rows(shape, response.direction, *_contents(response.lr, response.wd, response.select))


def scattered(runs: Response) -> bool:
    """Whether the runs are a cloud, as of a random search, and not a grid with too few cells."""
    lr, wd, _ = flat(runs)
    num_cells = len(np.unique(np.stack([lr, wd]), axis=1).T)
    return 2 * len(np.unique(lr)) > num_cells and is_cloud(lr, wd)


def flat(runs: Response) -> tuple[Floats, Floats, Floats]:
    """The runs as a list: lr, wd and the metric that selects; (N,) each."""
    rows, columns, seeds = np.nonzero(np.isfinite(runs.select))
    return runs.lr[rows], runs.wd[rows, columns], runs.select[rows, columns, seeds]


def _others(surface: Surface) -> tuple[Peaks, dict[str, Ridge]]:
    content = _contents(surface.lr, surface.wd, surface.select, surface.seeds)
    return _fit_others(surface.select.shape, *content)


def _contents(*arrays: np.ndarray) -> list[bytes]:
    return [np.ascontiguousarray(array).tobytes() for array in arrays]


@lru_cache(maxsize=512)
def _fit_rows(shape: tuple[int, int, int], direction: str, lr: bytes, wd: bytes, select: bytes) -> RowRidge:
    arrays = np.frombuffer(lr), np.frombuffer(wd).reshape(shape[:2]), np.frombuffer(select).reshape(shape)
    runs = Response("", direction, *arrays[:2], np.arange(shape[2]), arrays[2], arrays[2])
    return (
        fit_cloud(*flat(runs), direction=direction)
        if scattered(runs)
        else fit_row_likelihood(*arrays, direction=direction)
    )


@lru_cache(maxsize=512)
def _fit_others(
    shape: tuple[int, int, int], lr: bytes, wd: bytes, select: bytes, seeds: bytes
) -> tuple[Peaks, dict[str, Ridge]]:
    accuracy = np.frombuffer(select).reshape(shape)
    places = np.frombuffer(lr), np.frombuffer(wd).reshape(shape[:2])
    surface = Surface(*places, select=accuracy, report=accuracy, seeds=np.frombuffer(seeds, dtype=np.int64))
    peaks = find_peaks(surface, paper.CI_LEVEL)
    return peaks, {
        CENSORED_PEAK: fit_censored_peak(peaks, paper.CI_LEVEL),
        RESPONSE_SURFACE: fit_response_surface(surface, peaks, paper.CI_LEVEL),
        ARGMAX_OLS: fit_argmax_ols(surface, peaks, paper.CI_LEVEL),
    }
