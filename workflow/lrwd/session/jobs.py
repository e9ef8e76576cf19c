"""What the scripts that train and measure cells are asked to do: one JSON a job."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrwd.study.paths import CELL_PATTERN, weights_path
from lrwd.study.recipe import start_file, start_recipe

if TYPE_CHECKING:
    from lrwd.session.session import Session

SCRIPTS = Path(__file__).parents[2] / "scripts"


def unrecorded(value: Callable[..., Any]) -> Callable[..., Any]:
    """A param that Snakemake keeps no record of, so that a change of it reruns nothing.

    Args:
        value: takes wildcards, input, output, threads and resources by position.

    Returns:
        The same value, as a function of the resources: Snakemake records no param that depends on them.
    """
    return lambda wildcards, input, output, threads, resources: value(wildcards, input, output, threads, resources)


def script_path(name: str) -> str:
    """Path of a file in workflow/scripts, wherever Snakemake was started."""
    return str(SCRIPTS / name)


class Jobs:
    """Makes the jobs of a session."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    def train(self, wildcards: Any, input: Any, output: Any, threads: int, resources: Any) -> str:
        """What workflow/scripts/train.py is asked to do, as JSON: see lrwd.train.cell.Job and execution.launcher."""
        session = self._session
        results = session.results
        study, cell = session.study_and_cell(wildcards)
        execution, recipe = session.config["execution"], session.config["recipes"][cell.recipe]
        start = start_file(recipe)
        if start_recipe(recipe) and (base := study.base_cell(cell)):
            start = weights_path(results, base)
        # Where the final weights go, for recipes that save them; Snakemake has no outputs of some cells only.
        weights = weights_path(results, cell)
        job = {
            "spec": study.spec(cell),
            "data": str(Path(input.manifest).parent),
            "record": output.record,
            "checkpoint": f"{results}/checkpoints/{CELL_PATTERN}.ckpt".format(**wildcards),
            "checkpoint_sec": execution["checkpoint_sec"],
            "loader_workers": execution["loader_workers"],
            "threads": threads,
            "base": str(input.base) if input.base else None,
            "start": start,
            "weights": weights,
            "cuda_graph": execution["cuda_graph"],
        }
        request: dict[str, Any] = {
            "job": job,
            "log": f"{results}/logs/runs/{CELL_PATTERN}.log".format(**wildcards),
            # A process for every GPU of the cell.
            "processes": max(1, resources.get("gpu", 1)),
            "server": "pool" if session.pool else "warm" if not session.site and execution["warm_start"] else None,
            "pool": session.pool,
            # A failure is then a record as well, and the round goes on.
            "keep_failure": bool(study.sequential),
        }
        if session.site:
            request |= {"gpu": session.site.gpu, "results": results}
        return json.dumps(request)

    def adopt(self, wildcards: Any, input: Any, output: Any, threads: int, resources: Any) -> str:
        """The same for a cell of an earlier start: the SLURM job to wait for, and the record that it leaves."""
        session = self._session
        adopted = session.adopted or {}
        asked = {"adopt": adopted[session.record_of(wildcards)], "record": output.record}
        return json.dumps({**asked, "spec": session.spec_of(wildcards)})

    def measure(self, wildcards: Any, threads: int) -> str:
        """What workflow/scripts/measure.py is asked to do, as JSON."""
        session = self._session
        plan, execution = session.config["plan"], session.config["execution"]
        return json.dumps(
            {
                "spec": session.group_spec(wildcards),
                "entry": session.config["datasets"][wildcards.dataset],
                "max_steps": plan["max_steps"],
                "max_sec": plan["max_sec"],
                # Where there is no GPU, each cell has a core.
                "at_once": plan["at_once"] if session.resources.on_gpus else [threads],
                "loader_workers": execution["loader_workers"],
                "cuda_graph": execution["cuda_graph"],
            },
            sort_keys=True,
        )
