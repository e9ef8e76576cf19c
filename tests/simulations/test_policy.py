"""The sequential policy with its stop rule, at small n; ``operating.py policy N`` prints the full table."""

import numpy as np
import pytest
from landscapes import LANDSCAPES
from operating import POLICY_RULES, networks, run_policy, summarise, summarise_policy

NUM = 12


def test_the_policy_is_deterministic() -> None:
    landscape = LANDSCAPES["quiet asymmetric"]
    first, second = (next(iter(networks(landscape, 1, 5))) for _ in range(2))
    assert run_policy(*first, POLICY_RULES).looks == run_policy(*second, POLICY_RULES).looks


@pytest.mark.slow
def test_coverage_and_wrong_exclusions_at_the_stop() -> None:
    """Pooled over eight landscapes, 96 networks: coverage above .93 and wrong exclusions below .01 within 2 SE."""
    names = ("symmetric", "asymmetric", "bending", "scatter", "off centre", "cusp", "shoulders", "quiet asymmetric")
    pairs = [
        (run_policy(truth, rng, POLICY_RULES).final, truth.b)
        for name in names
        for truth, rng in networks(LANDSCAPES[name], NUM, 23)
    ]
    found = summarise(pairs)
    assert found.cover95.value >= 0.93 - 2 * np.sqrt(0.93 * 0.07 / found.cover95.number)
    assert found.wrong_exclusion.value <= 0.01 + 2 * np.sqrt(0.01 * 0.99 / len(pairs))


@pytest.mark.slow
def test_75_chosen_cells_beat_225_of_the_fixed_grid_where_the_ridge_is_off_centre() -> None:
    found = summarise_policy(LANDSCAPES["off centre"], NUM, 31)
    assert found.at_75.half_width.value < found.fixed_225.half_width.value
    assert found.at_75.single.value > found.fixed_225.single.value


@pytest.mark.slow
def test_without_a_ridge_nothing_is_excluded() -> None:
    for name in ("pure noise", "decline"):
        finals = [run_policy(truth, rng, POLICY_RULES).final for truth, rng in networks(LANDSCAPES[name], 6, 3)]
        assert sum(bool(final.excluded) for final in finals) <= 1
