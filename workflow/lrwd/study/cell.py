"""What one training is called: its cell, its group, and what its accuracies are selected on."""

from dataclasses import dataclass

# A group is what one ratio is estimated for: (data set, architecture, recipe).
Group = tuple[str, str, str]


@dataclass(frozen=True, order=True)
class Cell:
    """One training: exactly one job and one record."""

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


# Quantities of a record that can be asked for, and whether higher or lower is better.
DIRECTIONS = {"top1": "max", "loss": "min"}


@dataclass(frozen=True)
class Selection:
    """On what the best weight decay is chosen, and at which epoch it is read.

    split: ``val`` or ``test``; epoch: ``final`` or ``best`` (of that split). quantity: ``top1`` or ``loss``; what is
    reported is that of the test images at the same epoch. The paper's tables take accuracies, whatever the quantity.
    """

    split: str
    epoch: str
    quantity: str = "top1"

    @property
    def metric(self) -> str:
        """The name of what selects, such as ``val_loss``."""
        return f"{self.split}_{self.quantity}"

    @property
    def direction(self) -> str:
        """``max`` or ``min``."""
        return DIRECTIONS[self.quantity]
