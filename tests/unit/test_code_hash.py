"""A cell is trained anew when what its training computes changes, and only then."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lrwd import code_hash

SPEC: dict[str, Any] = {
    "arch": {"name": "x", "model": "resnet", "kind": "cnn"},
    "recipe": {
        "optimizer": {"name": "adamw"},
        "schedule": {"name": "cosine"},
        "augment": {"cnn": [{"name": "crop"}], "transformer": [{"name": "randaugment"}]},
    },
}
SOURCE = '''"""What it is."""
import math
# why
RATE: float = 1e-3
class A:
    """A class."""
    def f(self, x, *, y=None):
        """Its function."""
        return math.cos(x + RATE) if y else None
'''
SAME = {
    "comment": SOURCE.replace("# why\n", "# another reason\n# on two lines\n\n"),
    "docstrings": SOURCE.replace("A class.", "Another text.").replace('"""What it is."""\n', ""),
    "docstring alone": SOURCE.replace('        """Its function."""\n', ""),
    "layout": SOURCE.replace("f(self, x, *, y=None)", "f(\n        self,\n        x, *, y = None,\n    )"),
    "spelling of a number": SOURCE.replace("1e-3", "0.001"),
}
OTHER = {
    "constant": SOURCE.replace("1e-3", "2e-3"),
    "operator": SOURCE.replace("x + RATE", "x - RATE"),
    "order": SOURCE.replace("x + RATE", "RATE + x"),
    "name": SOURCE.replace("math.cos", "math.sin"),
    "default": SOURCE.replace("y=None", "y=0"),
    "condition": SOURCE.replace("if y else", "if not y else"),
    "type of a field": SOURCE.replace("RATE: float", "RATE: int"),
    "text that is no docstring": SOURCE.replace("return math", 'print("""x"""); return math'),
}


def meaning(folder: Path, text: str) -> str:
    path = folder / "a.py"
    path.write_text(text)
    return code_hash.meaning.__wrapped__(path)


@pytest.mark.parametrize("name", SAME)
def test_what_says_the_same(tmp_path: Path, name: str) -> None:
    assert SAME[name] != SOURCE
    assert meaning(tmp_path, SAME[name]) == meaning(tmp_path, SOURCE)


@pytest.mark.parametrize("name", OTHER)
def test_what_says_something_else(tmp_path: Path, name: str) -> None:
    assert OTHER[name] != SOURCE
    assert meaning(tmp_path, OTHER[name]) != meaning(tmp_path, SOURCE)


def forget() -> None:
    for function in (code_hash.meaning, code_hash.code_of, code_hash._imports, code_hash._files_in):
        function.cache_clear()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package."""
    copy = tmp_path_factory.mktemp("package") / "lrwd"
    return shutil.copytree(code_hash.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def package(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package that a test may edit; what it changed is put back afterwards."""
    before = {path: path.read_bytes() for path in whole.rglob("*.py")}
    monkeypatch.setattr(code_hash, "PACKAGE", whole)
    forget()
    yield whole
    forget()
    for path in whole.rglob("*.py"):
        if path not in before:
            path.unlink()
        elif path.read_bytes() != before[path]:
            path.write_bytes(before[path])


def edited(file: Path, old: str, new: str) -> str:
    """The hash after an edit."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    forget()
    return code_hash.training_code(SPEC)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("train/step.py", "progress.step += 1", "progress.step += 2"),
        ("train/batches.py", 'self._seed, "order"', 'self._seed, "another"'),
        ("train/device.py", "set_flush_denormal(True)", "set_flush_denormal(False)"),
        ("seeds.py", "[:8]", "[8:16]"),
        ("data/_label_noise.py", "0.5", "0.4"),
        ("data/_subsample.py", "[:count]", "[-count:]"),
        ("subsample.py", "math.floor(first", "math.ceil(first"),
        ("optim/_groups.py", 'decay == "all"', 'decay != "all"'),
        ("optim/adamw.py", "fused=True", "fused=False"),
        ("schedules/cosine.py", "len(since)", "len(since) + 1"),
        ("theory/formulas/shapes.py", "0.5 *", "0.6 *"),
        ("models/resnet.py", '"stride": 1', '"stride": 2'),
        ("augment/crop.py", "2 * pad + 1", "2 * pad"),
    ],
)
def test_an_edit_of_what_training_computes(package: Path, file: str, old: str, new: str) -> None:
    before = code_hash.training_code(SPEC)
    assert edited(package / file, old, new) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("train/cell.py", "def train_cell", "# a comment\ndef train_cell"),
        ("execution/worker.py", "GRACE_SEC = 30", "GRACE_SEC = 31"),
        ("models/vit.py", '"avg"', '"mean"'),
        ("augment/randaugment.py", "< 0.5", "< 0.4"),  # another kind's
        ("data/digits.py", "255 / 16", "255 / 15"),  # seen in the manifest
        ("data/_download.py", "download failed", "failed download"),
        ("figures/forest.py", "import", "import os\nimport"),
        ("execution/preflight.py", "once", "twice"),
        ("plan/measure.py", "import", "import os\nimport"),
        ("stats/peak.py", "import", "import os\nimport"),
    ],
)
def test_an_edit_of_something_else(package: Path, file: str, old: str, new: str) -> None:
    before = code_hash.training_code(SPEC)
    assert edited(package / file, old, new) == before


def test_a_new_part_concerns_no_cell_that_does_not_name_it(package: Path) -> None:
    before = code_hash.training_code(SPEC)
    for folder in ("optim", "schedules", "models", "augment", "data"):
        shutil.copy(package / "schedules" / "cosine.py", package / folder / "brand_new.py")
    forget()
    assert code_hash.training_code(SPEC) == before
    named = {**SPEC, "recipe": {**SPEC["recipe"], "schedule": {"name": "brand_new"}}}
    assert code_hash.training_code(named) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("runs/record.py", "RECORD_VERSION = ", "RECORD_VERSION = 1 + "),
        ("atomic.py", "import", "import sys\nimport"),
        ("study/recipe.py", "import", "import sys\nimport"),
    ],
)
def test_what_training_imports_counts_wherever_it_lies(package: Path, file: str, old: str, new: str) -> None:
    before = code_hash.training_code(SPEC)
    assert edited(package / file, old, new) != before


# Each hash, and a file that it covers through another one.
COVERED = [
    (lambda: code_hash.preparation_code("digits"), "seeds.py"),
    (lambda: code_hash.preparation_code("image_folder"), "data/_image_tree.py"),
    (lambda: code_hash.runs_code(), "study/paths.py"),
    (lambda: code_hash.runs_code(), "runs/external_files.py"),
    (lambda: code_hash.table_code("claims"), "tables/_claims/claim.py"),
    (lambda: code_hash.table_code("ridge"), "stats/peak.py"),
    (lambda: code_hash.table_code("ridge"), "tables/_write.py"),
    (lambda: code_hash.design_code(), "stats/simulate.py"),
    (lambda: code_hash.plan_code(), "study/steps.py"),
    (lambda: code_hash.figure_code("figures/forest.py"), "figures/_style.py"),
    (lambda: code_hash.figure_code("theory/figures/order.py"), "figures/_text.py"),
    (lambda: code_hash.verdict_code(), "reports/wording.py"),
    (lambda: code_hash.verdict_code(), "reports/html.py"),
    (lambda: code_hash.theory_code("convex_lr"), "theory/formulas/bounds.py"),
    (lambda: code_hash.theory_code("convex_lr"), "schedules/cosine.py"),
    (lambda: code_hash.theory_page_code(), "theory/tables/order.py"),
    (lambda: code_hash.measurement_code(SPEC), "data/_synthetic.py"),
]


@pytest.mark.parametrize(("hash_now", "file"), COVERED)
def test_an_edit_of_an_imported_file(package: Path, hash_now: Callable[[], str], file: str) -> None:
    before = hash_now()
    assert hash_now() == before
    edited(package / file, "import", "import os\nimport")
    assert hash_now() != before


@pytest.mark.parametrize(
    ("hash_now", "file"),
    [
        (lambda: code_hash.table_code("table1"), "tables/table2.py"),
        (lambda: code_hash.table_code("table1"), "reports/wording.py"),
        (lambda: code_hash.figure_code("figures/heatmap.py"), "figures/forest.py"),
        (lambda: code_hash.figure_code("figures/heatmap.py"), "stats/ratio.py"),
        (lambda: code_hash.preparation_code("digits"), "data/cifar100.py"),
    ],
)
def test_an_edit_of_a_file_that_is_not_imported(package: Path, hash_now: Callable[[], str], file: str) -> None:
    before = hash_now()
    edited(package / file, "import", "import os\nimport")
    assert hash_now() == before


def test_imports_inside_functions_and_of_modules_by_name_are_followed(package: Path) -> None:
    (package / "a.py").write_text("def f():\n    from lrwd.b import x\n")
    (package / "b.py").write_text("from lrwd import c\nimport lrwd.stats.ratio\nimport numpy\n")
    (package / "c.py").write_text("")
    forget()
    found = code_hash.imported_by("a.py")
    assert {"a.py", "b.py", "c.py", "stats/ratio.py"} <= found
    assert not [file for file in found if file.startswith("train/")]
