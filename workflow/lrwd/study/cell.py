"""Identifiers of a training (Cell, Group) and the criterion that selects the best one (Selection)."""

from dataclasses import dataclass

# (data set, architecture, recipe). One ratio is estimated per group.
Group = tuple[str, str, str]


@dataclass(frozen=True, order=True)
class Cell:
    """One training, with exactly one job and one record."""

    dataset: str
    arch: str
    recipe: str
    lr: float
    wd: float
    seed: int

    @property
    def group(self) -> Group:
        """The (data set, architecture, recipe) of this cell."""
        return (self.dataset, self.arch, self.recipe)


# Quantities of a record that can be selected on, and whether higher or lower is better.
DIRECTIONS = {"top1": "max", "loss": "min"}


@dataclass(frozen=True)
class Selection:
    """The criterion that selects the best weight decay, and the epoch at which it is read.

    split: ``val`` or ``test``. epoch: ``final`` or ``best`` (on that split). quantity: ``top1`` or ``loss``. The
    reported value is the same quantity on the test images at the same epoch. The tables of the paper always use
    accuracies.
    """

    split: str
    epoch: str
    quantity: str = "top1"

    @property
    def metric(self) -> str:
        """Name of the selecting metric, such as ``val_loss``."""
        return f"{self.split}_{self.quantity}"

    @property
    def direction(self) -> str:
        """``max`` or ``min``."""
        return DIRECTIONS[self.quantity]
