"""The ridge of a group by each estimator."""

from dataclasses import dataclass

from lrwd import paper
from lrwd.analysis.surfaces import Group
from lrwd.stats.argmax_ols import fit_argmax_ols
from lrwd.stats.censored_peak import fit_censored_peak
from lrwd.stats.peak import Peaks, find_peaks
from lrwd.stats.response_surface import fit_response_surface
from lrwd.stats.ridge import Ridge

CENSORED_PEAK, RESPONSE_SURFACE, ARGMAX_OLS = "censored_peak", "response_surface", "argmax_ols"
ESTIMATORS = (CENSORED_PEAK, RESPONSE_SURFACE, ARGMAX_OLS)
NO_GRID = "no grid run"


@dataclass(frozen=True, eq=False)
class Ridges:
    """A group's peaks (None without a grid) and the ridge of each estimator through them."""

    peaks: Peaks | None
    by_estimator: dict[str, Ridge]


def fit_ridges(group: Group) -> Ridges:
    """Find the peaks of a group's grid and fit the ridge by all three estimators."""
    if group.grid is None:
        return Ridges(None, {name: Ridge(reason=NO_GRID) for name in ESTIMATORS})
    peaks = find_peaks(group.grid, paper.CI_LEVEL)
    return Ridges(
        peaks,
        {
            CENSORED_PEAK: fit_censored_peak(peaks, paper.CI_LEVEL),
            RESPONSE_SURFACE: fit_response_surface(group.grid, peaks, paper.CI_LEVEL),
            ARGMAX_OLS: fit_argmax_ols(group.grid, peaks, paper.CI_LEVEL),
        },
    )
