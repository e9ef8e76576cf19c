"""The ridge of a group by each estimator, fitted once a process."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lrwd import paper
from lrwd.analysis.surfaces import Group
from lrwd.stats.argmax_ols import fit_argmax_ols
from lrwd.stats.censored_peak import fit_censored_peak
from lrwd.stats.cloud import fit_cloud, is_cloud
from lrwd.stats.peak import Peaks, find_peaks
from lrwd.stats.response_surface import fit_response_surface
from lrwd.stats.ridge import Ridge, verdict
from lrwd.stats.row_fit import fit_row_likelihood
from lrwd.stats.row_ridge import RowRidge
from lrwd.stats.surface import Floats, Surface

ROW_LIKELIHOOD, CENSORED_PEAK = "row_likelihood", "censored_peak"
RESPONSE_SURFACE, ARGMAX_OLS = "response_surface", "argmax_ols"
RECOMMENDED = ROW_LIKELIHOOD
ESTIMATORS = (ROW_LIKELIHOOD, CENSORED_PEAK, RESPONSE_SURFACE, ARGMAX_OLS)
# How the estimators are called in texts.
NAMES = {
    ROW_LIKELIHOOD: "row likelihoods (recommended)",
    CENSORED_PEAK: "censored peaks",
    RESPONSE_SURFACE: "response surface",
    ARGMAX_OLS: "the paper's",
}
NO_GRID = "no grid run"


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
    """Fit the ridge of a group's grid by all estimators; runs of equal content are fitted once."""
    if group.grid is None:
        row = RowRidge(reason=NO_GRID)
        return Ridges(row, None, {name: Ridge(reason=NO_GRID) for name in ESTIMATORS})
    return fit_surface_ridges(group.grid)


def fit_surface_ridges(surface: Surface) -> Ridges:
    """``fit_ridges`` of a surface; what it reports has no part in it."""
    arrays = (surface.lr, surface.wd, surface.select, surface.seeds)
    return _fit(surface.select.shape, *(np.ascontiguousarray(array).tobytes() for array in arrays))


@lru_cache(maxsize=512)
def _fit(shape: tuple[int, int, int], lr: bytes, wd: bytes, select: bytes, seeds: bytes) -> Ridges:
    accuracy = np.frombuffer(select).reshape(shape)
    surface = Surface(
        lr=np.frombuffer(lr),
        wd=np.frombuffer(wd).reshape(shape[:2]),
        seeds=np.frombuffer(seeds, dtype=np.int64),
        select=accuracy,
        report=accuracy,
    )
    peaks = find_peaks(surface, paper.CI_LEVEL)
    row = fit_rows_of(surface)
    return Ridges(
        row,
        peaks,
        {
            # The error of a posterior rests on the noise, whose degrees of freedom it therefore has.
            ROW_LIKELIHOOD: replace(row.as_ridge(), df=max(round(row.noise_df), 1) if row.has_number else 0),
            CENSORED_PEAK: fit_censored_peak(peaks, paper.CI_LEVEL),
            RESPONSE_SURFACE: fit_response_surface(surface, peaks, paper.CI_LEVEL),
            ARGMAX_OLS: fit_argmax_ols(surface, peaks, paper.CI_LEVEL),
        },
    )


def fit_rows_of(surface: Surface) -> RowRidge:
    """The recommended estimator: of a grid, or of a cloud if hardly any learning rate occurs twice."""
    if scattered(surface):
        return fit_cloud(*flat(surface))
    return fit_row_likelihood(surface.lr, surface.wd, surface.select)


def scattered(surface: Surface) -> bool:
    """Whether the runs are a cloud, as of a random search, and not a grid with too few cells."""
    lr, wd, _ = flat(surface)
    num_cells = len(np.unique(np.stack([lr, wd]), axis=1).T)
    return 2 * len(np.unique(lr)) > num_cells and is_cloud(lr, wd)


def flat(surface: Surface) -> tuple[Floats, Floats, Floats]:
    """The runs as a list: lr, wd and the accuracies that select; (N,) each."""
    rows, columns, seeds = np.nonzero(np.isfinite(surface.select))
    return surface.lr[rows], surface.wd[rows, columns], surface.select[rows, columns, seeds]
