"""Selection bias: how much test selection, the best epoch, and the maximum over grid points add to an accuracy."""

from dataclasses import dataclass

from lrwd.stats.cross_fit import chosen, cross_fitted
from lrwd.stats.surface import Floats

TEST, BEST_EPOCH, MAXIMUM, ALL = (
    "test instead of validation",
    "best instead of last epoch",
    "maximum over cells",
    "all three, as the paper",
)


@dataclass(frozen=True)
class Accuracies:
    """Accuracies of one group's runs by grid point and seed; fractions, NaN where missing; (C, S) each.

    Args:
        val, test: validation and test accuracy at the last epoch.
        test_best: largest test accuracy over the epochs.
    """

    val: Floats
    test: Floats
    test_best: Floats


def optimism(accuracies: Accuracies) -> dict[str, tuple[Floats, Floats]]:
    """Accuracy of each seed with and without each kind of selection bias.

    TEST:       with: grid point selected on test; without: on validation. Both report test accuracy, last epoch.
    BEST_EPOCH: with: best test epoch; without: last epoch. Both at the grid point selected on validation.
    MAXIMUM:    with: the test accuracy that selected the grid point; without: a seed's test accuracy at the grid point
                selected by the other seeds.
    ALL:        with: best test epoch at the grid point selected by it; without: last epoch at the grid point selected
                by the validation accuracies of the other seeds.

    Returns:
        For each kind the accuracies with and without it, NaN where missing; (S,) each.

    Source: ours; Cawley & Talbot (2010) for over-fitting in model selection.
    """
    val, test, best = accuracies.val, accuracies.test, accuracies.test_best
    return {
        TEST: (chosen(test, test), chosen(val, test)),
        BEST_EPOCH: (chosen(val, best), chosen(val, test)),
        MAXIMUM: (chosen(test, test), cross_fitted(test, test)),
        ALL: (chosen(best, best), cross_fitted(val, test)),
    }
