"""Which part of the package may import what (the rules of the design), imports inside functions included."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workflow" / "lrwd"
TORCH = {"torch", "torchvision", "timm"}
WITHOUT_TORCH = {"errors", "registry", "seeds", "atomic", "code_hash", "study", "runs", "cluster", "session"}
# Each may import from those in lines above its own, and within its folder; on one line nobody imports another.
LAYERS = (
    ("errors", "seeds", "paper", "atomic"),
    ("registry", "subsample", "code_hash"),
    ("study", "stats", "theory/formulas"),
    ("runs", "augment", "data", "models", "optim", "schedules"),
    ("train", "analysis"),
    ("execution", "plan", "tables", "figures"),
    ("design", "reports", "cluster"),
    ("theory/tables",),
    ("theory/figures", "theory/page", "theory/targets"),
    ("session",),
)
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}
MAX_LOOSE = 8
# Found by file name, and never aware of each other.
PARTS = {"augment", "data", "models", "optim", "schedules"}
# Arrays in, results out.
PURE = {"stats", "theory/formulas"}
FILES = {"io", "os", "pathlib", "shutil", "tempfile"}
FORBIDDEN_NAMES = {"utils", "helpers"}
MAX_LINES = 300
# File -> why it is longer.
LONG_FILES: dict[str, str] = {}


def imports(tree: ast.Module, module: str) -> Iterator[str]:
    """Full names of all that a module imports, anywhere in it, also through importlib with a literal."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "importlib.import_module",
            "import_module",
            "__import__",
        ):
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def opens_files(tree: ast.Module) -> bool:
    """Whether a module calls ``open`` or numpy's and pandas' readers and writers."""
    functions = {"open", "load", "save", "savez", "loadtxt", "savetxt", "read_csv", "to_csv"}
    return any(
        ast.unparse(node.func).rpartition(".")[2] in functions for node in ast.walk(tree) if isinstance(node, ast.Call)
    )


def top(name: str) -> str:
    return name.partition(".")[0]


def folder_of(name: str) -> str | None:
    """``data`` for ``lrwd.data.cifar100``, ``theory/tables`` for ``lrwd.theory.tables.order``; else None."""
    words = name.split(".")
    if words[0] != "lrwd" or len(words) == 1:
        return None
    return "/".join(words[1:3]) if words[1] == "theory" else words[1]


def home_of(relative: Path) -> str:
    """The same for a file's path below the package."""
    return folder_of(".".join(("lrwd", *relative.with_suffix("").parts))) or ""


# A rule: (folder or file it is in, what it imports) -> what is wrong with that, or None.
Rule = Callable[[str, str], str | None]


def no_snakemake(_where: str, name: str) -> str | None:
    return "only workflow/scripts may know snakemake" if top(name).startswith("snakemake") else None


def no_torch_at_the_core(where: str, name: str) -> str | None:
    return "the study must be readable without torch" if where in WITHOUT_TORCH and top(name) in TORCH else None


def parts_are_strangers(where: str, name: str) -> str | None:
    if where in PARTS and folder_of(name) in (PARTS | {"train"}) - {where}:
        return "parts meet in train only"
    return None


def only_train_assembles(where: str, name: str) -> str | None:
    if where not in PARTS | {"train"} and folder_of(name) in PARTS:
        return "parts meet in train only; others find one through lrwd.registry"
    return None


def stats_and_theory_are_pure(where: str, name: str) -> str | None:
    if where not in PURE:
        return None
    if top(name) in TORCH | FILES | {"pandas", "matplotlib", "seaborn"}:
        return f"{where} takes arrays and gives results"
    if folder_of(name) not in (None, where, "errors"):
        return f"{where} knows nothing of the rest of the package"
    return None


def output_computes_nothing(where: str, name: str) -> str | None:
    if where in ("figures", "theory/figures") and (
        top(name) in TORCH | {"scipy", "statsmodels"} or folder_of(name) in ("stats", "theory/formulas", "train")
    ):
        return "figures compute nothing"
    return None


def nothing_imports_upwards(where: str, name: str) -> str | None:
    other = folder_of(name)
    if other in (None, where) or other not in RANKS or where not in RANKS:
        return None
    return f"{where} lies below {other}, or beside it" if RANKS[str(other)] >= RANKS[where] else None


RULES: list[Rule] = [
    no_snakemake,
    no_torch_at_the_core,
    parts_are_strangers,
    only_train_assembles,
    stats_and_theory_are_pure,
    output_computes_nothing,
    nothing_imports_upwards,
]


def violations(package: Path, long_files: dict[str, str]) -> list[str]:
    """All breaches of the rules in a package's tree, one line each."""
    found = set()
    lengths = {}
    for path in sorted(package.rglob("*.py")):
        relative = path.relative_to(package)
        where = home_of(relative)
        if path.name != "__init__.py" and where not in RANKS:
            found.add(f"{relative} is in no layer: {where} is not in LAYERS")
        text = path.read_text()
        tree = ast.parse(text)
        module = ".".join(("lrwd", *relative.with_suffix("").parts))
        for name in imports(tree, module):
            for rule in RULES:
                if reason := rule(where, name):
                    found.add(f"{relative} imports {name}: {reason}")
        if where in PURE and opens_files(tree):
            found.add(f"{relative} reads or writes files: {where} takes arrays and gives results")
        if path.stem in FORBIDDEN_NAMES:
            found.add(f"{relative}: name the file after what is in it")
        lengths[str(relative)] = len(text.splitlines())
    loose = [path for path in package.glob("*.py") if path.name != "__init__.py"]
    if len(loose) > MAX_LOOSE:
        found.add(f"{len(loose)} modules lie loose, over {MAX_LOOSE}; put them into folders")
    too_long = {name for name, lines in lengths.items() if lines > MAX_LINES}
    found |= {f"{name} has {lengths[name]} lines, over {MAX_LINES}" for name in too_long - long_files.keys()}
    found |= {f"{name} need no longer be in LONG_FILES" for name in long_files.keys() - too_long}
    return sorted(found)


def test_the_package_keeps_the_rules() -> None:
    found = violations(PACKAGE, LONG_FILES)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("module", sorted(WITHOUT_TORCH))
def test_core_loads_no_torch(module: str) -> None:
    """Not even through another module."""
    code = (
        f"import importlib, pathlib, sys, lrwd.{module} as m\n"
        "for path in pathlib.Path(m.__file__).parent.glob('*.py') if hasattr(m, '__path__') else ():\n"
        "    importlib.import_module(f'{m.__name__}.{path.stem}')\n"
        f"sys.exit(' '.join({TORCH!r} & set(sys.modules)) or None)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("study/x.py", "import torch"),
        ("study/x.py", "def f():\n    import torch.nn as nn"),
        ("study/paths.py", "import importlib\nimportlib.import_module('timm')"),
        ("runs/record.py", "from torchvision import transforms"),
        ("data/x.py", "from lrwd.models import vit"),
        ("data/x.py", "from ..models import vit"),
        ("data/x.py", "def f():\n    from lrwd import models"),
        ("optim/x.py", "import lrwd.schedules.cosine"),
        ("schedules/x.py", "class A:\n    def f(self):\n        from lrwd.train.cell import run"),
        ("augment/x.py", "from lrwd import train"),
        ("runs/collect.py", "from lrwd.data import cifar100"),
        ("theory/formulas/x.py", "from lrwd.schedules.cosine import factor"),
        ("theory/formulas/x.py", "import torch"),
        ("theory/formulas/x.py", "import pandas as pd"),
        ("theory/formulas/x.py", "from lrwd.stats.ratio import fit_ratio"),
        ("theory/formulas/x.py", "text = open('x').read()"),
        ("stats/x.py", "import pandas as pd"),
        ("stats/x.py", "from pathlib import Path"),
        ("stats/x.py", "text = open('x').read()"),
        ("stats/x.py", "import numpy as np\ndef f():\n    return np.load('x.npy')"),
        ("stats/x.py", "from lrwd.tables import table1"),
        ("stats/x.py", "from lrwd import paper"),
        ("figures/x.py", "def f():\n    import scipy.stats"),
        ("figures/x.py", "from lrwd.stats.ratio import fit_ratio"),
        ("theory/figures/x.py", "import statsmodels.api as sm"),
        ("stats/x.py", "from lrwd.tables.table1 import build"),
        ("train/x.py", "from lrwd.execution.launcher import start_cell"),
        ("study/x.py", "from lrwd.runs.record import read_record"),
        ("tables/x.py", "from lrwd.figures._style import save"),
        ("nowhere/x.py", "import json"),
        ("theory/figures/x.py", "from lrwd.theory.formulas.memory import kappa"),
        ("train/x.py", "from snakemake.utils import validate"),
        ("figures/x.py", "def f():\n    import snakemake_interface_common"),
        ("data/utils.py", ""),
        ("study/helpers.py", ""),
        ("data/x.py", "x = 1\n" * 301),
    ],
)
def test_a_breach_is_found(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    (found,) = {line.split()[0].rstrip(":") for line in violations(tmp_path, {})}
    assert found == file


def test_too_many_loose_modules_are_found(tmp_path: Path) -> None:
    for number in range(MAX_LOOSE + 1):
        (tmp_path / f"m{number}.py").write_text("")
    assert any("modules lie loose" in line for line in violations(tmp_path, {}))


def test_what_is_allowed_passes(tmp_path: Path) -> None:
    allowed = {
        "study/study.py": "import json\nfrom lrwd import registry\nfrom lrwd.errors import ConfigError",
        "data/x.py": "import torch\nfrom lrwd.data._disk import need_space\nfrom lrwd import atomic",
        "data/y.py": "from . import _disk\nfrom .x import load",
        "train/x.py": "from lrwd import augment, data, models, optim, schedules",
        "theory/formulas/x.py": "from scipy import optimize\nfrom lrwd.theory.formulas.bounds import Floats",
        "stats/x.py": "import numpy as np\nimport scipy.stats\nfrom lrwd.stats.surface import Surface",
        "analysis/x.py": "import pandas as pd\nfrom lrwd.stats.ratio import fit_ratio",
        "figures/x.py": "import seaborn\nimport pandas as pd\nfrom lrwd import paper",
        "study/long.py": "x = 1\n" * 301,
    }
    for file, text in allowed.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    assert violations(tmp_path, {"study/long.py": "a table"}) == []
    assert violations(tmp_path, {"study/long.py": "a table", "study/study.py": "was long"}) == [
        "study/study.py need no longer be in LONG_FILES"
    ]
