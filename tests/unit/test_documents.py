"""The documents: short where they should be, their links lead somewhere, their commands name what there is."""

import ast
import importlib.util
import itertools
import re
from argparse import Namespace
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import ROOT, Command, anchors, blocks, code, commands, documents, files_of, links, prose

from lrwd import registry

MAX_README_LINES, MAX_WIDTH = 150, 120
FOLDERS = ("workflow", "config", "profiles", "envs", "tests", "benchmarks", "docs", ".github", ".ci")
# What a file of a part has, besides what the registry asks for.
INTERFACES = {"schedules": {"EXAMPLE", "Config", "lr_factors"}, "tables": {"build"}}
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow" / "rules").glob("*.smk"))]
# Tables and figures that no file of tables/ and figures/ makes.
MORE_TABLES, MORE_FIGURES = {"identifiability", "calibration", "plan"}, {"power"}
PAGES = {"verdict.md", "verdict.html", "theory.md", "theory.html", "runs.csv"}
ids = pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= MAX_README_LINES


@ids
def test_lines_of_prose_are_no_longer_than_the_screen(document: Path) -> None:
    lines = enumerate(document.read_text().splitlines(), 1)
    long = [n for n, line in lines if len(line) > MAX_WIDTH and not line.startswith(("|", "!["))]
    assert not long, f"over {MAX_WIDTH} characters: lines {long}"


@ids
def test_rows_of_a_table_have_as_many_cells(document: Path) -> None:
    for is_table, group in itertools.groupby(prose(document).splitlines(), lambda line: line.startswith("|")):
        rows = list(group) if is_table else []
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
        assert len(cells) <= 1, rows[0]
        assert not rows or re.fullmatch(r"\|(:?-+:?\|)+", rows[1].replace(" ", "")), rows[0]


@ids
def test_links_lead_somewhere(document: Path) -> None:
    for link in links(document):
        if re.match(r"[a-z]+:", link) or "<" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        assert target.exists(), f"{link}: no such file"
        assert target.is_relative_to(ROOT), f"{link}: outside of the repository"
        if anchor:
            assert anchor in anchors(target), f"{link}: its headings are {sorted(anchors(target))}"


@ids
def test_paths_in_backticks_exist(document: Path) -> None:
    """Also patterns: <name> stands for any name, {a,b} for both."""
    for text in set(code(document)) - set(files_of(document)):
        if "/" in text and text.split("/")[0] in FOLDERS and "…" not in text:
            for pattern in _alternatives(re.sub(r"<[^>]*>", "*", text)):
                assert any(ROOT.glob(pattern.rstrip("/"))), f"{text}: no such file"


def _alternatives(pattern: str) -> list[str]:
    parts = re.split(r"\{([^{}]*)\}", pattern)
    options = [part.split(",") if number % 2 else [part] for number, part in enumerate(parts)]
    return ["".join(choice) for choice in itertools.product(*options)]


def test_every_optimizer_and_schedule_is_described() -> None:
    text = (ROOT / "docs" / "components.md").read_text()
    for folder in ("optim", "schedules", "augment"):
        for name in registry.names(folder):
            assert f"`{name}`" in text, f"docs/components.md says nothing of {folder}/{name}.py"
    described = set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))
    assert described == {*registry.names("optim"), *registry.names("schedules")}


def test_the_layers_of_the_architecture_are_those_that_are_enforced() -> None:
    tree = ast.parse((ROOT / "tests" / "unit" / "test_dependencies.py").read_text())
    (layers,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "LAYERS"
    )
    rows = re.findall(r"^\| \d+ \| (.*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    assert [set(re.findall(r"`([^`]+)`", row)) for row in rows] == [set(names) for names in layers]


def test_every_study_and_folder_is_described() -> None:
    text = (ROOT / "README.md").read_text() + (ROOT / "docs" / "theory.md").read_text()
    parts = {part for entry in _entries("studies").values() for part in entry.get("parts", ())}
    for study in set(_entries("studies")) - parts:
        assert f"`{study}`" in text, f"neither README nor docs/theory.md names the study {study}"
    tree = (ROOT / "docs" / "architecture.md").read_text()
    for path in sorted((ROOT / "workflow" / "lrwd").iterdir()):
        if path.name[0] != "_" and (path.suffix == ".py" or (path / "__init__.py").exists()):
            shown = path.name if path.suffix else f"{path.name}/"
            assert re.search(rf"^  .*\b{re.escape(shown)}", tree, re.MULTILINE), f"architecture.md: no line on {shown}"


def test_versions_agree() -> None:
    changes = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert changes
    assert (citation["version"], str(citation["date-released"])) == changes[0]
    assert changes == sorted(changes, key=lambda entry: [*map(int, entry[0].split("."))], reverse=True)


def test_parts_written_as_examples_have_their_folders_interface() -> None:
    examples = files_of(ROOT / "CONTRIBUTING.md")
    assert examples
    for path, text in examples.items():
        folder, file = path.removeprefix("workflow/lrwd/").split("/")
        names = {getattr(node, "name", None) for node in ast.parse(text).body}
        names |= {t.id for n in ast.parse(text).body if isinstance(n, ast.Assign) for t in n.targets}  # type: ignore[attr-defined]
        assert names >= INTERFACES[folder], path
        assert ast.get_docstring(ast.parse(text))
        assert not (ROOT / path).exists(), f"{path} exists; choose another name, such as that of no {file}"


def test_the_example_of_a_schedule_is_one() -> None:
    from lrwd.schedules._training import Training

    module: dict[str, Any] = {"__name__": "example"}
    exec(files_of(ROOT / "CONTRIBUTING.md")["workflow/lrwd/schedules/power.py"], module)
    training = Training(lr=0.1, wd=0.1, num_steps=4, steps_per_epoch=2, base_trace=None)
    assert module["lr_factors"](module["Config"](**module["EXAMPLE"]), training).tolist() == [1, 0.5625, 0.25, 0.0625]


@pytest.mark.parametrize("block", [b for d in documents() for b in blocks(d) if b.language == "yaml"])
def test_yaml_of_documents_is_yaml(block: Any) -> None:
    assert isinstance(yaml.safe_load(block.text), dict), f"{block.document}:{block.line}"


# --- Commands --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", commands(), ids=lambda command: f"{command.where}: {command.text}")
def test_commands_name_what_there_is(command: Command) -> None:
    if "<" in command.text or "…" in command.text:
        pytest.skip("has a placeholder")
    program, *words = command.words
    check = CHECKS.get(program, _check_script)
    check(command, words)


def test_documents_have_commands() -> None:
    found = {command.words[0] for command in commands()}
    assert {"snakemake", "pytest", "python", ".ci/run"} <= found
    assert len(commands()) > 30


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("snakemake --cores 1 --profile profiles/laptop", "profiles/laptop"),
        ("snakemake --cores 1 --config study=nothing", "nothing"),
        ("snakemake --cores 1 results/tables/nothing.csv", "nothing.csv"),
        ("snakemake --cores 1 nothing", "nothing"),
        ("snakemake --cores 1 results/runs/digits/vit/short/lr0.01_wd3_seed0.json", "vit"),
        ("snakemake --cores 1 results/runs/digits/vit_digits/short/lr1e-2_wd3_seed0.json", "lr1e-2"),
        ("snakemake --cores 1 --config study=demo design", "`--` before"),
        ("snakemake --cores 1 --no-such-option", "--no-such-option"),
        ("pytest tests/nowhere", "tests/nowhere"),
        ("pytest -m quick", "quick"),
        ("python benchmarks/nothing.py", "nothing.py"),
        ("python benchmarks/run.py nothing", "nothing"),
        ("fetch everything", "fetch"),
    ],
)
def test_a_command_that_names_nothing_is_found(words: str, message: str) -> None:
    program, *rest = words.split()
    command = Command(ROOT / "README.md", 1, words, False, False, tuple(words.split()))
    with pytest.raises(AssertionError, match=re.escape(message)):
        CHECKS.get(program, _check_script)(command, rest)


def _check_snakemake(command: Command, words: list[str]) -> None:
    given = _runner().with_targets_apart(["snakemake", *words])[1:] if command.in_environment else words
    parsed = _parsed(given)
    own = files_of(command.document)
    for profile in [parsed.profile] if isinstance(parsed.profile, str) else parsed.profile or ():
        assert (ROOT / profile / "config.yaml").exists(), f"no profile {profile}"
    for file in parsed.configfile or ():
        assert str(file) in own or (ROOT / file).exists(), f"no file {file}; the document does not tell to write it"
    for entry in parsed.config or ():
        assert "=" in entry, f"{entry}: write `--` before a target that follows --config"
        key, _, value = entry.partition("=")
        assert key != "study" or value in _entries("studies"), f"no study {value}"
    given_folders = [
        yaml.safe_load(own[str(file)]).get("results") for file in parsed.configfile or () if str(file) in own
    ]
    for target in parsed.targets:
        _check_target(target, next(filter(None, given_folders), "results"))


def _parsed(words: list[str]) -> Namespace:
    """The words as Snakemake itself reads them."""
    from snakemake.cli import get_argument_parser

    parser = get_argument_parser()

    def error(message: str) -> None:
        raise AssertionError(message)

    parser.error = error
    return parser.parse_args(words)


def _check_target(target: str, results: str) -> None:
    if "/" not in target:
        assert target in _rules(), f"no rule {target}"
        return
    rest = target.removeprefix(f"{results}/")
    assert rest != target, f"no target {target}"
    if rest in PAGES:
        return
    kind, *names = Path(rest).parts
    if kind == "runs":
        _check_cell(names)
    elif kind in ("tables", "figures"):
        known = {*registry.names(kind), *(MORE_TABLES if kind == "tables" else MORE_FIGURES)}
        assert Path(names[0]).stem in known, f"no target {target}"
        assert Path(names[0]).suffix in ({".csv", ".md"} if kind == "tables" else {".png", ".svg"}), target
    elif kind == "theory":
        assert Path(names[1]).stem in registry.names(f"theory/{names[0]}"), f"no target {target}"
    else:
        raise AssertionError(f"no target {target}")


def _check_cell(names: list[str]) -> None:
    from lrwd.study.paths import number_text

    dataset, arch, recipe, file = names
    for section, name in (("datasets", dataset), ("architectures", arch), ("recipes", recipe)):
        assert name in _entries(section), f"no {name} in {section}"
    match = re.fullmatch(r"lr(.+)_wd(.+)_seed(\d+)\.json", file)
    assert match, file
    assert file == f"lr{number_text(float(match[1]))}_wd{number_text(float(match[2]))}_seed{match[3]}.json", (
        f"{file}: not how a path has these numbers"
    )


def _check_pytest(_command: Command, words: list[str]) -> None:
    valued = {"-m", "-n", "--dist", "-k", "--durations"}
    for option, value in itertools.pairwise(words):
        if option == "-m":
            markers = set(re.findall(r"\w+", value)) - {"not", "and", "or"}
            assert markers <= {"workflow", "slurm", "slow"}, f"no marker {value}"
    for before, word in itertools.pairwise(["", *words]):
        if before not in valued and not word.startswith("-"):
            assert (ROOT / word.split("::")[0]).exists(), f"no test {word}"


def _check_python(command: Command, words: list[str]) -> None:
    script, *arguments = words
    assert (ROOT / script).is_file(), f"no file {script}"
    if script == "benchmarks/run.py":
        for name in itertools.takewhile(lambda word: not word.startswith("-"), arguments):
            assert (ROOT / "benchmarks" / f"{name}.py").is_file(), f"no benchmark {name}"


def _check_script(command: Command, _words: list[str]) -> None:
    path = ROOT / command.words[0]
    assert path.is_file(), f"{command.words[0]}: a command that this test does not know"
    assert path.stat().st_mode & 0o111, f"{path} cannot be executed"


def _nothing(_command: Command, _words: list[str]) -> None:
    """Commands of the system."""


CHECKS: dict[str, Callable[[Command, list[str]], None]] = {
    "snakemake": _check_snakemake,
    "pytest": _check_pytest,
    "python": _check_python,
    **dict.fromkeys((".", "cd", "git", "sinfo"), _nothing),
}


@cache
def _runner() -> Any:
    spec = importlib.util.spec_from_file_location("envs_run", ROOT / "envs" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _rules() -> set[str]:
    found = re.compile(r"^\s*(?:rule|checkpoint|use rule \w+ as) (\w+)(?::| with:)", re.MULTILINE)
    return {name for path in RULES for name in found.findall(path.read_text())}


@cache
def _entries(section: str) -> dict[str, Any]:
    """The entries under a key of config.yaml and of the files in config/."""
    entries: dict[str, Any] = {}
    for path in [ROOT / "config.yaml", *sorted((ROOT / "config").rglob("*.yaml"))]:
        entries |= (yaml.safe_load(path.read_text()) or {}).get(section, {})
    return entries
