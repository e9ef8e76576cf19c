"""Stops and kills a cell's training after some steps, and trains it to its end."""

import json
from collections.abc import Callable
from typing import Any

import torch
from tiny_cells import result

from lrwd.train.cell import Job, train_cell


class Killed(BaseException):
    """In place of SIGKILL: nothing that is written after it is."""


def quiet(_: str) -> None:
    pass


def after(num_steps: int) -> Callable[[], bool]:
    """A request to stop that comes during a step."""
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked >= num_steps

    return stop


def killed_after(num_steps: int) -> Callable[[], bool]:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        if asked >= num_steps:
            raise Killed
        return False

    return stop


def text(record: dict[str, Any]) -> str:
    return json.dumps(result(record))


def finish(job: Job) -> tuple[dict[str, Any], list[str]]:
    lines: list[str] = []
    torch.manual_seed(77)  # a new process starts with some other state
    return train_cell(job, lines.append), lines
