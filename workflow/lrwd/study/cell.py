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


@dataclass(frozen=True)
class Selection:
    """On what the best weight decay is chosen, and at which epoch accuracies are read.

    split: ``val`` or ``test``; epoch: ``final`` or ``best`` (of that split). Reported is test accuracy at that epoch.
    """

    split: str
    epoch: str
