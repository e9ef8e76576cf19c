"""Repeats a study with other seeds, other draws of images and wrong labels, and other roundings of the processor.

    python benchmarks/replications.py           the demo
    python benchmarks/replications.py smoke     another study

Each replication is trained by the workflow in ``results/replications/<study>/<number>``; one that is complete is not
trained again. Writes ``workflow/resources/replications/<study>.csv``, one row a replication and network, and ``.md``.
``snakemake replicate`` compares another machine's runs with them. Run separately, as it takes half an hour.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow"))

import pandas as pd

from lrwd.analysis.ridges import RECOMMENDED
from lrwd.analysis.undefined import known
from lrwd.atomic import write_text_atomic
from lrwd.reports.replicate import COLUMNS, SLOPES, excluded
from lrwd.reports.wording import table_row
from lrwd.study.paths import REPLICATIONS as FOLDER
from lrwd.tables._write import read_tables

WORK = ROOT / "results" / "replications"
# torch rounds as on a processor without the newer instructions.
CAPABILITY = "ATEN_CPU_CAPABILITY"


@dataclass(frozen=True)
class Replication:
    """A study to train, and environment variables that change how the processor rounds."""

    name: str
    study: str
    environment: Mapping[str, str] = field(default_factory=dict)


STUDIES = {
    "demo": (
        Replication("committed", "demo"),
        Replication("seeds 2 and 3", "demo_seeds_2"),
        Replication("seeds 4 and 5", "demo_seeds_4"),
        Replication("other images and wrong labels", "demo_again"),
        Replication("rounding of avx2", "demo", {CAPABILITY: "avx2"}),
        Replication("rounding without vectors", "demo", {CAPABILITY: "default"}),
    ),
    "smoke": (Replication("committed", "smoke"), Replication("rounding of avx2", "smoke", {CAPABILITY: "avx2"})),
}


def train(one: Replication, folder: Path) -> pd.DataFrame:
    """Train a replication, and return the recommended estimator's rows, one a network."""
    target = f"{folder.relative_to(ROOT)}/tables/ridge.csv"
    # The line wd = kappa * rho * lr has no part in the slope.
    no_line = f"studies={{{one.study}: {{on_ratio: {{kappas: []}}}}}}"
    settings = [f"study={one.study}", f"results={folder.relative_to(ROOT)}", no_line]
    command = [sys.executable, "-m", "snakemake", "--profile", "profiles/local", "--config", *settings, "--", target]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **one.environment}, check=True)
    ridge = read_tables([str(ROOT / target)])["ridge"]
    return ridge.loc[ridge["estimator"] == RECOMMENDED, list(COLUMNS)]


def page(table: pd.DataFrame, study: str) -> str:
    """The table of replications as Markdown."""
    lines = [
        f"# Replications of the study `{study}`",
        "",
        "Slope b of ln λ\\* on ln η with its 95 % interval, and the slopes excluded at 99 %. Measured; made by "
        "`python benchmarks/replications.py`.",
        "",
        f"| replication | {' | '.join(table['label'].drop_duplicates())} |",
        "|---" * (1 + table["label"].nunique()) + "|",
    ]
    for name, rows in table.groupby("replication", sort=False):
        lines.append(table_row(str(name), *(_entry(row) for _, row in rows.iterrows())))
    return "\n".join(lines) + "\n"


def _entry(row: pd.Series) -> str:
    b, low, high = (known(row[name]) for name in ("b", "b_ci_low", "b_ci_high"))
    if b is None or low is None or high is None:
        return "no b"
    out = ", ".join(SLOPES[name] for name in excluded(row["excluded"])) or "none"
    return f"{b:.2f} ({low:.2f} to {high:.2f}); {out}".replace("-", "−")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the replications of a study and tabulate its slopes.")
    parser.add_argument("study", nargs="?", default="demo", choices=list(STUDIES))
    study = parser.parse_args().study
    frames = []
    for number, one in enumerate(STUDIES[study]):
        rows = train(one, WORK / study / str(number))
        frames.append(rows.assign(replication=one.name))
        table = pd.concat(frames)[["replication", *COLUMNS]]
        table.to_csv(FOLDER / f"{study}.csv", index=False)
        write_text_atomic(FOLDER / f"{study}.md", page(table, study))
    print((FOLDER / f"{study}.md").read_text())


if __name__ == "__main__":
    main()
