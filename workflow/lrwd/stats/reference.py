"""The paper's bootstrap loop in readable form. It is slow and random; tests compare the fast exact code with it."""

import numpy as np

from lrwd.stats.surface import Floats, Surface


def optimal_wd_plain(surface: Surface, seed_indices: list[int]) -> list[tuple[float, float]]:
    """For each lr, the wd with the largest mean of ``select`` over the drawn seeds, lowest wd first.

    Returns:
        Pairs (lr, lambda*), without the lr that have no run in the drawn seeds.

    Source: the paper's script, ``find_optimal_wd``.
    """
    pairs = []
    for row, lr in enumerate(surface.lr):
        best_wd, best_mean = None, -np.inf
        for column, wd in enumerate(surface.wd[row]):
            drawn = [surface.select[row, column, seed] for seed in seed_indices]
            present = [value for value in drawn if np.isfinite(value)]
            if not present:
                continue
            mean = round(sum(present) / len(present), 12)
            if mean > best_mean:
                best_wd, best_mean = float(wd), mean
        if best_wd is not None:
            pairs.append((float(lr), best_wd))
    return pairs


def estimate_rho_plain(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """rho through the origin and R2, computed line by line as in the paper's script, ``estimate_rho``."""
    lrs = np.array([lr for lr, _ in pairs])
    wds = np.array([wd for _, wd in pairs])
    rho = np.sum(lrs * wds) / np.sum(lrs**2)
    ss_res = np.sum((wds - rho * lrs) ** 2)
    ss_tot = np.sum((wds - wds.mean()) ** 2)
    r2 = 1 - ss_res / ss_tot if ss_tot > 0 else 0.0
    return float(rho), float(r2)


def bootstrap_plain(surface: Surface, num_resamples: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """rho and b of random resamples: draw seeds with replacement, select lambda* again, refit.

    Args:
        surface: the accuracies.
        num_resamples: R; 10,000 in the paper.
        generator: the source of randomness.

    Returns:
        rho and b, (R,) each; NaN if undefined.

    Source: the paper's script, ``bootstrap_rho``; b as in §3.2.
    """
    rhos, slopes = [], []
    for _ in range(num_resamples):
        drawn = generator.integers(surface.num_seeds, size=surface.num_seeds).tolist()
        pairs = optimal_wd_plain(surface, drawn)
        rhos.append(estimate_rho_plain(pairs)[0] if len(pairs) >= 2 else np.nan)
        if len(pairs) >= 2 and all(wd > 0 for _, wd in pairs):
            log_lr, log_wd = np.log(np.array(pairs)).T
            slopes.append(np.polyfit(log_lr, log_wd, 1)[0])
        else:
            slopes.append(np.nan)
    return np.array(rhos), np.array(slopes)
