"""Checks that every part of a study can be built, before any training, in a process of its own.

The parts need torch, which planning must not wait for; so this runs once for a set of knobs and leaves a stamp.
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lrwd.code_hash import training_code
from lrwd.errors import ConfigError
from lrwd.record import write_text_atomic
from lrwd.study import Study

WORKFLOW = Path(__file__).parent.parent


def check_parts_once(study: Study) -> None:
    """Build every data source's Config, network, optimizer and schedule of a study once for its knobs and code.

    Raises:
        ConfigError: a knob is unknown, missing, of a wrong type, or does not fit.
    """
    if importlib.util.find_spec("torch") is None:
        return  # an environment for the analysis only
    groups = [study.spec(cell) for cell in study.one_cell_a_group()]
    request = {
        "datasets": {name: study.config["datasets"][name] for name in study.datasets},
        "specs": groups,
    }
    text = json.dumps(request)
    key = hashlib.sha256("".join([text, *map(training_code, groups)]).encode()).hexdigest()[:16]
    stamp = Path(study.results, "checked", key)
    if stamp.exists():
        return
    path = os.pathsep.join(filter(None, [str(WORKFLOW), os.environ.get("PYTHONPATH")]))
    answer = subprocess.run(
        [sys.executable, "-m", "lrwd.check"],
        input=text,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
        check=False,
    )
    if answer.returncode:
        raise ConfigError(answer.stderr.strip())
    write_text_atomic(stamp, "every part can be built\n")


def check_parts(request: dict[str, Any]) -> None:
    """Build the parts of a request: ``datasets`` (entries of config.yaml) and ``specs`` (one a group).

    Raises:
        ConfigError: something cannot be built.
    """
    from lrwd import registry
    from lrwd.train.build import build_model, build_optimizer, build_schedule, parts_of_augmentation

    shapes = {}
    for name, entry in request["datasets"].items():
        source = registry.part("data", entry["source"])
        knobs = {key: value for key, value in entry.items() if key not in ("source", "num_train")}
        shapes[name] = source.shape(registry.build_config(source, knobs, f"datasets.{name}"))
    for spec in request["specs"]:
        recipe = spec["recipe"]
        parts_of_augmentation(recipe, spec["arch"]["kind"])
        schedule = build_schedule(recipe)
        try:
            schedule(step=0, steps_per_epoch=1000, num_steps=1000 * recipe["epochs"])
        except ConfigError as error:
            raise ConfigError(f"recipes.{recipe['name']}.schedule: {error}") from None
        image_size, channels, num_classes = shapes[spec["dataset"]["name"]]
        try:
            model = build_model(spec["arch"], num_classes, image_size, channels, seed=0)
        except ConfigError as error:
            where = f"architectures.{spec['arch']['name']}"
            text = str(error).removeprefix(f"{where}: ")
            raise ConfigError(f"{where} on data set {spec['dataset']['name']}: {text}") from None
        build_optimizer(recipe, model, lr=1e-3, wd=0.0)


if __name__ == "__main__":
    try:
        check_parts(json.load(sys.stdin))
    except ConfigError as error:
        sys.exit(str(error))
