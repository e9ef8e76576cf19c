"""A sequential grid: its first round, the limits on later rounds, and the files with the choices of each round."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrwd.errors import ConfigError
from lrwd.registry import number
from lrwd.study.cell import Cell, Group
from lrwd.study.paths import significant

# Round 0: number of weight decays at every learning rate, number of seeds of each, and factor between weight decays.
FIRST_WDS, FIRST_SEEDS, DECADE = 3, 2, 10.0
# Fewer learning rates do not determine a slope; for more, use a fixed grid.
MIN_LRS, MAX_LRS = 4, 6


@dataclass(frozen=True)
class Sequential:
    """Limits and stopping rule of a sequential study; all numbers are per network.

    Args:
        wd_start: geometric centre of round 0's weight decays.
        wd_low, wd_high: smallest and largest weight decay that may be run.
        batch: number of runs in a round after round 0.
        cells: budget of runs, including round 0 and failed runs.
        rounds: maximum number of rounds, including round 0.
        half_width: half width of b's 95% interval at which the network may stop.
    """

    wd_start: float
    wd_low: float
    wd_high: float
    batch: int
    cells: int
    rounds: int
    half_width: float

    @property
    def first_wds(self) -> tuple[float, ...]:
        """Weight decays of round 0, ascending, rounded to two digits as in stats.sequential.first_round."""
        powers = (index - (FIRST_WDS - 1) / 2 for index in range(FIRST_WDS))
        return tuple(significant(self.wd_start * DECADE**power, 2) for power in powers)

    @staticmethod
    def first_cells(num_lr: int) -> int:
        """Number of runs of a network in round 0."""
        return num_lr * FIRST_WDS * FIRST_SEEDS

    def most_cells(self, num_lr: int) -> int:
        """Number of runs of a network if it does not stop early."""
        return min(self.cells, self.first_cells(num_lr) + (self.rounds - 1) * self.batch)


def read_sequential(knobs: Mapping[str, Any], nums_lr: Collection[int], num_seeds: int, where: str) -> Sequential:
    """Read the key ``sequential`` of a grid.

    Args:
        knobs: the key, of a study that passed the schema check.
        nums_lr: number of learning rates of each network.
        num_seeds: number of seeds of the study.
        where: place of the grid in the configuration, for messages.

    Raises:
        ConfigError: a value is not allowed.
    """
    num_lr, least = max(nums_lr), min(nums_lr)
    if not MIN_LRS <= least <= num_lr <= MAX_LRS:
        wrong = least if least < MIN_LRS else num_lr
        raise ConfigError(
            f"{where}.lr: {wrong} learning rates are not allowed with sequential; allowed: {MIN_LRS} to {MAX_LRS}"
        )
    if num_seeds < FIRST_SEEDS:
        raise ConfigError(
            f"{where.removesuffix('.grid')}.seeds: {num_seeds} is too few for grid.sequential, whose round 0 runs "
            f"{FIRST_SEEDS} seeds a cell; give {FIRST_SEEDS} or more"
        )
    where = f"{where}.sequential"
    limits = [number(value, f"{where}.wd_limits") for value in knobs["wd_limits"]]
    if len(limits) != 2 or not 0 < limits[0] < limits[1]:
        raise ConfigError(f"{where}.wd_limits: {knobs['wd_limits']!r} is not allowed; give [low, high], 0 < low < high")
    start = number(knobs["wd_start"], f"{where}.wd_start")
    result = Sequential(
        start, limits[0], limits[1], *(knobs[name] for name in ("batch", "cells", "rounds", "half_width"))
    )
    if not (start > 0 and limits[0] <= result.first_wds[0] and result.first_wds[-1] <= limits[1]):
        raise ConfigError(
            f"{where}.wd_start: {knobs['wd_start']!r} is not allowed, as round 0 runs it with a decade on both sides, "
            f"which must lie within wd_limits, {limits[0]:g} to {limits[1]:g}"
        )
    first = result.first_cells(num_lr)
    if result.cells < first:
        raise ConfigError(
            f"{where}.cells: {result.cells} is not allowed, as round 0 alone has {num_lr} lr x {FIRST_WDS} wd x "
            f"{FIRST_SEEDS} seeds = {first}; allowed: at least {first}"
        )
    return result


@dataclass(frozen=True)
class Network:
    """A round's choice of cells for one network, based on the records of the previous rounds.

    Args:
        cells: the cells to run, each with its reason.
        stop: whether the network has no further cells, in this round and later. why: the reason for stopping or
            continuing, as text.
        num_asked, num_failed: number of runs of the previous rounds, and of failed ones among them.
        b, b_ci_low, b_ci_high: estimates from those runs; None if there is no estimate, with the ``reason``.
        half_width: half width of the 95% interval; None if there is no estimate. half_width_expected: the half width
            expected after these cells.
        excluded: slopes outside the 99% interval.
    """

    cells: tuple[tuple[Cell, str], ...]
    stop: bool
    why: str
    num_asked: int
    num_failed: int
    b: float | None
    b_ci_low: float | None
    b_ci_high: float | None
    half_width: float | None
    half_width_expected: float | None
    excluded: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Round:
    """A round after round 0.

    key: key of the study's configuration for which it was chosen (``Study.rounds_key``).
    """

    number: int
    key: str
    networks: Mapping[Group, Network]

    @property
    def is_last(self) -> bool:
        """Whether every network has stopped. Then this round has no cells, and no round follows."""
        return all(network.stop for network in self.networks.values())

    @property
    def cells(self) -> list[Cell]:
        """The cells of all networks."""
        return [cell for network in self.networks.values() for cell, _ in network.cells]

    def to_json(self) -> dict[str, Any]:
        """The round as plain values, as written to its file."""
        return {
            "round": self.number,
            "key": self.key,
            "networks": {"/".join(group): _network_json(network) for group, network in self.networks.items()},
        }


def _network_json(network: Network) -> dict[str, Any]:
    cells = [{"lr": cell.lr, "wd": cell.wd, "seed": cell.seed, "reason": reason} for cell, reason in network.cells]
    return {**vars(network), "cells": cells, "excluded": list(network.excluded)}


def read_round(path: Path | str) -> Round:
    """Read the file of a round.

    Raises:
        ConfigError: the file is not that of a round; the message says what to do.
    """
    try:
        content = json.loads(Path(path).read_text())
        networks = {}
        for name, entry in content["networks"].items():
            dataset, arch, recipe = name.split("/")
            cells = tuple(
                (Cell(dataset, arch, recipe, one["lr"], one["wd"], one["seed"]), one["reason"])
                for one in entry["cells"]
            )
            networks[(dataset, arch, recipe)] = Network(
                **{**entry, "cells": cells, "excluded": tuple(entry["excluded"])}
            )
        return Round(content["round"], content["key"], networks)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not the file of a round ({error!r}); delete it, it is made again") from None


def read_rounds(paths: Iterable[Path | str]) -> tuple[Round, ...]:
    """Read the files of rounds."""
    return tuple(map(read_round, paths))


def rounds_on_disk(pattern: str, key: str, most: int) -> tuple[Round, ...]:
    """The rounds known so far: the consecutive rounds whose files exist.

    Args:
        pattern: pattern of the files' paths, with ``{round}``.
        key: the study's key. A file with another key belongs to an earlier configuration and is made again before use.
        most: maximum number of rounds.
    """
    found: list[Round] = []
    for index in range(1, most + 1):
        try:
            one = read_round(pattern.format(round=index))
        except FileNotFoundError:
            break
        if one.key != key:
            break
        found.append(one)
        if one.is_last:
            break
    return tuple(found)


def stopped(rounds: Sequence[Round], group: Group) -> bool:
    """Whether a network has stopped by the last of the given rounds."""
    return bool(rounds) and rounds[-1].networks[group].stop
