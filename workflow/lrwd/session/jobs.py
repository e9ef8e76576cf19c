"""Job descriptions (JSON) for the scripts that train and measure cells."""

import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrwd.study.cell import Group
from lrwd.study.paths import CELL_PATTERN, weights_path
from lrwd.study.recipe import start_file, start_recipe

if TYPE_CHECKING:
    from lrwd.session.session import Session

SCRIPTS = Path(__file__).parents[2] / "scripts"


def unrecorded(value: Callable[..., Any]) -> Callable[..., Any]:
    """Make a rule's param that Snakemake does not record, so that changing it does not rerun the job.

    Args:
        value: function of (wildcards, input, output, threads, resources).

    Returns:
        The same function with a parameter called ``resources``: Snakemake does not record params that depend on
        resources.
    """
    return lambda wildcards, input, output, threads, resources: value(wildcards, input, output, threads, resources)


def script_path(name: str) -> str:
    """Path of a file in workflow/scripts; it does not depend on the working directory."""
    return str(SCRIPTS / name)


class Jobs:
    """Makes the job descriptions of a session."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def train(self, wildcards: Any, input: Any, output: Any, threads: int, resources: Any) -> str:
        """Job for workflow/scripts/train.py as JSON; see lrwd.train.cell.Job and lrwd.execution.launcher."""
        session = self._session
        results = session.results
        study, cell = session.study_and_cell(wildcards)
        execution, recipe = session.config["execution"], session.config["recipes"][cell.recipe]
        start = start_file(recipe)
        if start_recipe(recipe) and (base := study.base_cell(cell)):
            start = weights_path(results, base)
        # Path of the final weights. Only some recipes save them, so they cannot be an output of the rule.
        weights = weights_path(results, cell)
        job = {
            "spec": study.spec(cell),
            "data": str(Path(input.manifest).parent),
            "record": output.record,
            "checkpoint": f"{results}/checkpoints/{CELL_PATTERN}.ckpt".format(**wildcards),
            "checkpoint_sec": execution["checkpoint_sec"],
            "loader_workers": session.resources.loader_workers(wildcards.dataset, wildcards.arch),
            "threads": threads,
            "base": str(input.base) if input.base else None,
            "start": start,
            "weights": weights,
            "cuda_graph": execution["cuda_graph"],
            "shares_device": session.resources.shares_device,
        }
        request: dict[str, Any] = {
            "job": job,
            "log": f"{results}/logs/runs/{CELL_PATTERN}.log".format(**wildcards),
            # One process per GPU of the cell.
            "processes": max(1, resources.get("gpu", 1)),
            "server": "pool" if session.pool else "warm" if not session.site and execution["warm_start"] else None,
            "pool": session.pool,
            # In a sequential study, a failure is recorded and the round continues.
            "keep_failure": bool(study.sequential),
        }
        if session.site:
            request |= {"gpu": session.site.gpu, "results": results}
        elif lease := session.resources.lease:
            request |= {"gpu": "required", "lease": lease}
        elif session.resources.hides_gpus:
            request["environment"] = {"CUDA_VISIBLE_DEVICES": ""}
        return json.dumps(request)

    def priority(self, wildcards: Any) -> int:
        """Priority of a cell: networks are trained in the study's order, so that the first one's results come early.

        Cells of other studies (those that a cell starts from, those of the theory) do not wait for these.
        """
        group = (wildcards.dataset, wildcards.arch, wildcards.recipe)
        return len(self._places) - self._places.get(group, 0)

    @cached_property
    def _places(self) -> dict[Group, int]:
        groups = [group for part in self._session.study.parts for group in part.groups()]
        return {group: place for place, group in enumerate(dict.fromkeys(groups))}

    def adopt(self, wildcards: Any, input: Any, output: Any, threads: int, resources: Any) -> str:
        """Job for adopting a cell of an earlier start: the SLURM job to wait for, and the record that it writes."""
        session = self._session
        adopted = session.adopted or {}
        job = {"adopt": adopted[session.record_of(wildcards)], "record": output.record}
        return json.dumps({**job, "spec": session.spec_of(wildcards)})

    def measure(self, wildcards: Any, threads: int) -> str:
        """Job for workflow/scripts/measure.py as JSON."""
        session = self._session
        plan, execution = session.config["plan"], session.config["execution"]
        lease = session.resources.lease
        return json.dumps(
            {
                "spec": session.group_spec(wildcards),
                "entry": session.config["datasets"][wildcards.dataset],
                "max_steps": plan["max_steps"],
                "max_sec": plan["max_sec"],
                # Without a GPU, each cell has one core.
                "at_once": plan["at_once"] if session.resources.on_gpus else [threads],
                "loader_workers": session.resources.loader_workers(wildcards.dataset, wildcards.arch),
                "cuda_graph": execution["cuda_graph"],
                # A GPU that no other cell uses.
                **({"lease": {**lease, "cells_per_gpu": 1}} if lease else {}),
                **({"hides_gpus": True} if session.resources.hides_gpus else {}),
            },
            sort_keys=True,
        )
