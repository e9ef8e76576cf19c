"""Reads and checks the configuration. Every error names the key, the value and what is allowed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.study.cell import DIRECTIONS, Group, Selection
from lrwd.study.defaults import with_defaults
from lrwd.study.imported import read_imported
from lrwd.study.recipe import check_base, check_start
from lrwd.study.sequential import read_sequential
from lrwd.study.study import AXES, Part, Study

# JSON Schema accepts 1.0 as an integer; for a seed or a batch size this validator does not.
_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)
SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.json"


def check_schema(config: Mapping[str, Any], source: str) -> None:
    """Check the configuration's structure against the JSON schema.

    Args:
        config: the merged configuration.
        source: the files it came from, for messages.

    Raises:
        ConfigError: the message lists every violation with its key, its value and what is allowed.
    """
    schema = json.loads(SCHEMA.read_text())
    validator = _Validator(schema)
    problems = [_explain(error) for error in validator.iter_errors(config)]
    if problems:
        raise ConfigError(f"{source}: " + "\n".join(sorted(set(problems))))


def load_study(config: Mapping[str, Any], source: str) -> Study:
    """Check the configuration and build the study that it names.

    Args:
        config: the user's keys, with or without those of the repository; ``Study.config`` is the complete
            configuration.
        source: the files it came from, for messages.

    Raises:
        ConfigError: a key or value in the configuration is not allowed.
    """
    config = _completed(config, source)
    check_schema(config, source)
    try:
        for table in config["theory"]["tables"]:
            registry.check_name("theory/tables", table, "theory.tables")
        for name in _unique(config["theory"]["studies"], "theory.studies"):
            entry = config["studies"][_known(name, config["studies"], "theory.studies", "study")]
            if "sequential" in entry.get("grid", {}):
                raise ConfigError(f"theory.studies: {name!r} is not allowed, as its cells are not known beforehand")
        name = _known(config["study"], config["studies"], "study", "study")
        if "runs" in config["studies"][name]:
            imported = read_imported(config["studies"][name], f"studies.{name}")
            return Study(name, config, (), config["results"], imported)
        members = _unique(config["studies"][name].get("parts") or [name], f"studies.{name}.parts")
        parts = tuple(
            part
            for member in members
            if _known(member, config["studies"], f"studies.{name}.parts", "study")
            for part in _parts(config, member, f"studies.{member}")
        )
        _check_apart(parts, f"studies.{name}.parts")
        study = Study(name, config, parts, config["results"])
        # Building the cells reveals errors in a grid (such as a time-scale axis without a training size).
        if not study.grid_cells:
            raise ConfigError(f"studies.{name}: the grid is empty")
        return study
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def _completed(config: Mapping[str, Any], source: str) -> dict[str, Any]:
    try:
        return with_defaults(config)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def _parts(config: Mapping[str, Any], name: str, where: str) -> list[Part]:
    """The full grids of a study's entry: one for each list of learning rates."""
    entry = config["studies"][name]
    if "parts" in entry:
        raise ConfigError(f"{where}: a study made of parts cannot be a part itself")
    if "runs" in entry:
        raise ConfigError(f"{where}: a study whose runs come from elsewhere cannot be a part")
    for dataset in _unique(entry["datasets"], f"{where}.datasets"):
        _known(dataset, config["datasets"], f"{where}.datasets", "data set")
        source = config["datasets"][dataset]["source"]
        registry.check_name("data", source, f"datasets.{dataset}.source")
    for arch in _unique(entry["architectures"], f"{where}.architectures"):
        _known(arch, config["architectures"], f"{where}.architectures", "architecture")
        registry.check_name("models", config["architectures"][arch]["model"], f"architectures.{arch}.model")
    for recipe in _unique(entry["recipes"], f"{where}.recipes"):
        _known(recipe, config["recipes"], f"{where}.recipes", "recipe")
        _check_recipe(config["recipes"][recipe], f"recipes.{recipe}")
        if base := check_base(config["recipes"], recipe):
            _check_recipe(config["recipes"][base], f"recipes.{base}")
    axes = [axis for axis in (*AXES, "sequential") if axis in entry["grid"]]
    if len(axes) != 1:
        raise ConfigError(
            f"{where}.grid: give exactly one of {', '.join(AXES)}, sequential (found: {', '.join(axes) or 'none'})"
        )
    axis, sequential = axes[0], None
    lrs_by_arch = _lrs_by_arch(entry, f"{where}.grid.lr")
    seeds = tuple(_unique(entry["seeds"], f"{where}.seeds"))
    if axis == "sequential":
        nums_lr = [len(lrs) for lrs in lrs_by_arch.values()]
        axis, sequential = "wd", read_sequential(entry["grid"][axis], nums_lr, len(seeds), f"{where}.grid")
        values = sequential.first_wds
    else:
        values = _numbers(entry["grid"][axis], f"{where}.grid.{axis}", positive=axis == "timescale_epochs")
    line = entry["on_ratio"]
    ratio = line["ratio"]
    if ratio != "estimated":
        ratio = _positive(ratio, f"{where}.on_ratio.ratio (a number or 'estimated')")
    part = Part(
        where=where,
        datasets=tuple(entry["datasets"]),
        archs=tuple(entry["architectures"]),
        recipes=tuple(entry["recipes"]),
        lrs=(),
        lr_reference_batch=entry["grid"].get("lr_reference_batch"),
        axis=axis,
        values=values,
        seeds=seeds,
        selection=_selection(entry, where),
        ratio=None if ratio == "estimated" else ratio,
        kappas=_numbers(line["kappas"], f"{where}.on_ratio.kappas", positive=True),
        sequential=sequential,
    )
    found: dict[tuple[float, ...], list[str]] = {}
    for arch, lrs in lrs_by_arch.items():
        found.setdefault(lrs, []).append(arch)
    return [replace(part, archs=tuple(archs), lrs=lrs) for lrs, archs in found.items()]


def _lrs_by_arch(entry: Mapping[str, Any], where: str) -> dict[str, tuple[float, ...]]:
    """Learning rates of each architecture of a study, from one list or from a list by name."""
    given, archs = entry["grid"]["lr"], entry["architectures"]
    if not isinstance(given, Mapping):
        return dict.fromkeys(archs, _numbers(given, where, positive=True))
    for name in given:
        _known(name, dict.fromkeys(["default", *archs]), where, "architecture")
    missing = [arch for arch in archs if arch not in given]
    if missing and "default" not in given:
        raise ConfigError(f"{where}: {missing[0]} has no learning rates; add it, or `default` for those not named")
    return {
        arch: _numbers(given[name], f"{where}.{name}", positive=True)
        for arch in archs
        for name in [arch if arch in given else "default"]
    }


def _selection(entry: Mapping[str, Any], where: str) -> Selection:
    """The selection of a study; its ``metric``, if it has one, must be of the same split."""
    selection, metric = Selection(**entry["selection"]), entry.get("metric")
    if metric is None:
        return selection
    allowed = {f"{selection.split}_{quantity}": quantity for quantity in DIRECTIONS}
    if metric["name"] not in allowed:
        raise ConfigError(
            f"{where}.metric.name: {metric['name']!r} is not allowed with selection.split: {selection.split}. "
            f"Allowed: {', '.join(allowed)}"
        )
    selection = replace(selection, quantity=allowed[metric["name"]])
    if metric["direction"] != selection.direction:
        raise ConfigError(
            f"{where}.metric.direction: {metric['direction']!r} is not allowed for {metric['name']}. Allowed: "
            f"{selection.direction}"
        )
    return selection


def _check_apart(parts: Sequence[Part], where: str) -> None:
    """Check that no group is in two parts, since each group has one selection and one ratio."""
    owners: dict[Group, str] = {}
    for part in parts:
        for group in part.groups():
            if owners.setdefault(group, part.where) != part.where:
                raise ConfigError(f"{where}: {'/'.join(group)} is in {owners[group]} and in {part.where}; allowed: one")


def _check_recipe(recipe: Mapping[str, Any], where: str) -> None:
    if recipe["measure_memory"] and recipe["epochs"] != 1:
        raise ConfigError(
            f"{where}.measure_memory: true is not allowed with epochs: {recipe['epochs']}, as it measures the "
            "memorization of a batch that was seen once; give epochs: 1"
        )
    if "images" in recipe["subsample"] and recipe["subsample"]["fraction"] != 1:
        raise ConfigError(
            f"{where}.subsample.images: {recipe['subsample']['images']} is not allowed with fraction: "
            f"{recipe['subsample']['fraction']}; give fraction: 1"
        )
    if recipe["measure_memory"] and recipe["micro_batch"] is not None:
        raise ConfigError(
            f"{where}.measure_memory: true is not allowed with micro_batch: {recipe['micro_batch']}, as batches are "
            "measured whole; give micro_batch: null"
        )
    if recipe["order"] != "shuffled" and not recipe["label_noise"]["fraction"]:
        raise ConfigError(
            f"{where}.order: {recipe['order']!r} is not allowed with label_noise.fraction: 0, as no part of the data "
            "is cleaner; allowed: shuffled"
        )
    registry.check_name("optim", recipe["optimizer"]["name"], f"{where}.optimizer.name")
    registry.check_name("schedules", recipe["schedule"]["name"], f"{where}.schedule.name")
    check_start(recipe["start_from"], f"{where}.start_from")
    if recipe["micro_batch"] is not None and recipe["measure_memory"]:
        raise ConfigError(f"{where}.micro_batch: {recipe['micro_batch']} is not allowed with measure_memory; give null")
    if recipe["micro_batch"] is not None and recipe["batch_size"] % recipe["micro_batch"]:
        raise ConfigError(
            f"{where}.micro_batch: {recipe['micro_batch']} is not allowed; it must divide batch_size, "
            f"{recipe['batch_size']}"
        )
    for kind, steps in recipe["augment"].items():
        for step in steps:
            registry.check_name("augment", step["name"], f"{where}.augment.{kind}")


def _known(name: Any, table: Mapping[str, Any], where: str, kind: str) -> Any:
    if name not in table:
        raise ConfigError(f"{where}: Unknown {kind} {name!r}. Available: {', '.join(table)}")
    return name


def _unique(values: Sequence[Any], where: str) -> Sequence[Any]:
    for value in values:
        if list(values).count(value) > 1:
            raise ConfigError(f"{where}: {value!r} appears more than once")
    return values


def _numbers(values: Sequence[Any], where: str, positive: bool) -> tuple[float, ...]:
    """Read grid values and reject duplicates, also in different spellings (``1e-3`` and ``0.001``)."""
    read: dict[float, Any] = {}
    for value in values:
        result = registry.number(value, where)
        if result < 0 or (positive and result == 0):
            raise ConfigError(f"{where}: {value!r} is not allowed; values must be {'> 0' if positive else '>= 0'}")
        if result in read:
            raise ConfigError(f"{where}: {value!r} appears more than once (also as {read[result]!r})")
        read[result] = value
    return tuple(read)


def _positive(value: Any, where: str) -> float:
    return _numbers([value], where, positive=True)[0]


def _explain(error: jsonschema.ValidationError) -> str:
    """Message about a schema violation."""
    where = ".".join(str(part) for part in error.absolute_path) or "top level"
    if error.validator == "additionalProperties":
        allowed = error.schema.get("properties", {})
        unknown = [key for key in error.instance if key not in allowed]
        return f"{where}: unknown key {', '.join(map(repr, unknown))}. Allowed: {', '.join(allowed)}"
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{where}: key {', '.join(map(repr, missing))} is missing"
    if error.validator == "enum":
        return f"{where}: {error.instance!r} is not allowed. Allowed: {', '.join(map(str, error.validator_value))}"
    if error.validator == "minItems":
        return f"{where}: the list is empty; give at least one value"
    return f"{where}: {error.message}"
