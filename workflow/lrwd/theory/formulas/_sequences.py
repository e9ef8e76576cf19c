"""The inputs of every prediction: a learning rate and a weight decay for each step."""

import numpy as np
import numpy.typing as npt

from lrwd.errors import DataError

Floats = npt.NDArray[np.float64]


def checked(lr: npt.ArrayLike, wd: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Both sequences as arrays of the same length.

    Args:
        lr: eta_i >= 0, (T,), T >= 1.
        wd: lambda_i >= 0, (T,), or one number for all steps.

    Raises:
        DataError: a value is negative or not finite, some lambda_i eta_i is 1 or more (the step would set the weights
            to 0 or flip their sign), or the lengths differ.
    """
    lrs, wds = np.asarray(lr, dtype=np.float64), np.asarray(wd, dtype=np.float64)
    if lrs.ndim != 1 or not len(lrs):
        raise DataError(f"lr has the shape {lrs.shape}; it is a sequence of one or more steps")
    if wds.shape not in ((), lrs.shape):
        raise DataError(f"wd has the shape {wds.shape}; allowed: one number, or a sequence as long as lr, {len(lrs)}")
    wds = np.broadcast_to(wds, lrs.shape)
    for name, values in (("lr", lrs), ("wd", wds)):
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise DataError(
                f"{name} has the value {values[~(values >= 0) | ~np.isfinite(values)][0]}; allowed: 0 or more"
            )
    if np.any(lrs * wds >= 1.0):
        raise DataError(f"lr*wd has the value {np.max(lrs * wds)}; allowed: below 1, or a step keeps nothing")
    return lrs, wds
