"""The unit in which the library of row shapes is expressed, from the data."""

import numpy as np

from lrwd.stats.noise import Noise, cell_statistics
from lrwd.stats.surface import Floats


def response_unit(y: Floats, noise: Noise) -> float:
    """A robust range of the responses."""
    mean = cell_statistics(y)[1]
    drops = np.nanmax(mean, axis=1) - np.nanmin(mean, axis=1)
    return float(np.quantile(drops, 0.75)) / 12
