"""What each way of choosing adds to a reported accuracy: test for validation, best for last epoch, the maximum."""

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
    """The runs of one group by cell and seed, fractions, NaN where missing; (C, S) each.

    Args:
        val, test: at the last epoch.
        test_best: the largest over the epochs.
    """

    val: Floats
    test: Floats
    test_best: Floats


def optimism(accuracies: Accuracies) -> dict[str, tuple[Floats, Floats]]:
    """What is reported with a liberty, and without it, on each seed.

    TEST:       the cell chosen on test, and on validation; both report the test accuracy of the last epoch.
    BEST_EPOCH: the best test epoch, and the last; both at the cell chosen on validation.
    MAXIMUM:    the test accuracy that chose the cell, and that of a seed at the cell that the other seeds choose.
    ALL:        the best test epoch at the cell it chose, and the last epoch at the cell that the validation
                accuracies of the other seeds choose.

    Returns:
        For each liberty the accuracies with and without it, NaN where missing; (S,) each.

    Source: ours; Cawley & Talbot (2010) for over-fitting in model selection.
    """
    val, test, best = accuracies.val, accuracies.test, accuracies.test_best
    return {
        TEST: (chosen(test, test), chosen(val, test)),
        BEST_EPOCH: (chosen(val, best), chosen(val, test)),
        MAXIMUM: (chosen(test, test), cross_fitted(test, test)),
        ALL: (chosen(best, best), cross_fitted(val, test)),
    }
