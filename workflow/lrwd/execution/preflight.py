"""Checks in a separate process, before any training, that every part of a study can be built.

The check imports torch, which takes seconds. It therefore runs once per set of knobs and leaves a stamp file.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrwd.atomic import write_text_atomic
from lrwd.code_hash import training_code
from lrwd.errors import ConfigError, DataError
from lrwd.execution.launcher import package_environment
from lrwd.study.recipe import SCRATCH, start_file, start_recipe
from lrwd.study.study import Study


def check_parts_once(studies: Sequence[Study], source: str) -> None:
    """Build the data source's Config, the network, the optimizer and the schedule of every group of some studies.

    A group is checked again only if its knobs or its code change.

    Args:
        studies: the studies whose groups are checked, all in one process.
        source: the files their configuration came from, for messages.

    Raises:
        ConfigError: a knob is unknown, missing, of a wrong type, or not compatible with another one.
    """
    if importlib.util.find_spec("torch") is None:
        return  # torch is not installed: this environment is for the analysis only
    stamps: dict[Path, dict[str, Any]] = {}
    for study, cell in [(one, cell) for one in studies for cell in one.one_cell_a_group()]:
        start = start_file(study.config["recipes"][cell.recipe])
        spec = {**study.spec(cell), "entry": study.config["datasets"][cell.dataset], "start": start}
        # One cell represents its group: lr, wd and seed are checked elsewhere.
        group = {key: value for key, value in spec.items() if key not in ("lr", "wd", "seed")}
        key = hashlib.sha256(f"{json.dumps(group)}{training_code(spec)}".encode()).hexdigest()[:16]
        stamps[Path(study.results, "checked", key)] = group
    unchecked = {stamp: group for stamp, group in stamps.items() if not stamp.exists()}
    if not unchecked:
        return
    names = ", ".join(study.name for study in studies)
    print(f"checking the parts of {len(unchecked)} groups of study {names} (once)", file=sys.stderr)
    answer = subprocess.run(
        [sys.executable, "-m", "lrwd.execution.preflight"],
        input=json.dumps(list(unchecked.values())),
        capture_output=True,
        text=True,
        env={**package_environment(), "CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    if answer.returncode:
        raise ConfigError(f"{source}: {answer.stderr.strip()}")
    for stamp, group in unchecked.items():
        write_text_atomic(stamp, "/".join(group[part]["name"] for part in ("dataset", "arch", "recipe")) + "\n")


def check_writable(folder: Path, source: str) -> None:
    """Check that the results folder is writable.

    Args:
        folder: the results folder; it need not exist yet.
        source: the files its configuration came from, for the message.

    Raises:
        ConfigError: the folder is not writable.
    """
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{source}: results: {str(folder)!r} cannot be written: {there} is read-only or belongs to another user. "
            f"Make it writable and start again, or name another folder"
        )


def check_parts(groups: Sequence[Mapping[str, Any]]) -> None:
    """Build the parts of groups.

    Args:
        groups: specs without lr, wd and seed. Two keys are added: ``entry``, the data set's entry in the
            configuration, and ``start``, the file of initial weights or None.

    Raises:
        ConfigError: a part cannot be built.
        DataError: the initial weights are not available.
    """
    from lrwd import registry
    from lrwd.train.build import build_network, build_optimizer, parts_of_augmentation
    from lrwd.train.schedule import check_schedule

    for group in groups:
        recipe, arch, dataset = group["recipe"], group["arch"], group["dataset"]["name"]
        source = registry.part("data", group["entry"]["source"])
        knobs = {key: value for key, value in group["entry"].items() if key not in ("source", "num_train")}
        image_size, channels, num_classes = source.shape(registry.build_config(source, knobs, f"datasets.{dataset}"))
        if start_recipe(recipe):
            recipe = {**recipe, "start_from": SCRATCH}  # the initial weights come from a cell that is not trained yet
        parts_of_augmentation(recipe, arch["kind"])
        check_schedule(recipe)
        _check_decay(recipe)
        where = f"architectures.{arch['name']}"
        try:
            start = group["start"] and Path(group["start"])
            model = build_network(recipe, arch, num_classes, image_size, channels, 0, start)
        except ConfigError as error:
            text = str(error).removeprefix(f"{where}: ")
            raise ConfigError(f"{where} on data set {dataset}: {text}") from None
        build_optimizer(recipe, model, wd=0.0)


def _check_decay(recipe: Mapping[str, Any]) -> None:
    """Refuse a schedule that is made for another form of decay than the optimizer's."""
    from lrwd import registry

    schedule, optimizer = recipe["schedule"]["name"], recipe["optimizer"]["name"]
    coupled = getattr(registry.part("optim", optimizer), "COUPLED", False)
    if coupled and getattr(registry.part("schedules", schedule), "DECOUPLED", False):
        raise ConfigError(
            f"recipes.{recipe['name']}.schedule.name: {schedule!r} is not allowed with optimizer {optimizer!r}, whose "
            f"decay is a part of the gradient: the schedule follows from decoupled decay"
        )


if __name__ == "__main__":
    try:
        check_parts(json.load(sys.stdin))
    except (ConfigError, DataError) as error:
        sys.exit(str(error))
