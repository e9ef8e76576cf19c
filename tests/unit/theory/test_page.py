"""The page on the posts' claims, and what theory tables and figures must have."""

import dataclasses
from pathlib import Path
from typing import Any

import docutils.core
import jinja2
import pandas as pd
import pytest

from lrwd import registry
from lrwd.errors import ConfigError
from lrwd.reports.html import as_html
from lrwd.study.load import load_study
from lrwd.theory import page as theory_page
from lrwd.theory.tables._claim import FAILS, HOLDS, Claim
from lrwd.theory.targets import knobs_of, studies_of, tables_of

REPORT = Path(__file__).parents[3] / "workflow" / "report"
TABLES = registry.names("theory/tables")


@pytest.mark.parametrize("table", TABLES)
def test_every_theory_table_has_what_the_rules_ask_for(table: str, config: dict[str, Any]) -> None:
    part = registry.part("theory/tables", table)
    assert dataclasses.is_dataclass(knobs_of(table, config))
    assert all(field.default is dataclasses.MISSING for field in dataclasses.fields(part.Config))
    assert table not in tables_of("theory/tables", table)
    assert part.__doc__.splitlines()[0].endswith(".")
    assert (REPORT / f"theory_table_{table}.rst").exists()


@pytest.mark.parametrize("figure", registry.names("theory/figures"))
def test_every_theory_figure_is_drawn_from_theory_tables(figure: str) -> None:
    assert tables_of("theory/figures", figure)
    assert (REPORT / f"theory_figure_{figure}.rst").exists()


def test_the_studies_that_are_trained_for_the_theory_are_those_that_its_tables_read(config: dict[str, Any]) -> None:
    assert set(config["theory"]["studies"]) == {study for table in TABLES for study in studies_of(table)}
    for name in config["theory"]["studies"]:
        study = load_study({**config, "study": name}, "config.yaml")
        assert not any(part.kappas for part in study.parts), "only cells of the grid are trained for the theory"


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"studies": ["nothing"]}, "theory.studies: Unknown study 'nothing'"),
        ({"studies": ["smoke", "smoke"]}, "theory.studies: 'smoke' appears more than once"),
        ({"tables": {"nothing": {}}}, "theory.tables: Unknown theory table 'nothing'. Available: "),
    ],
)
def test_names_that_are_none(config: dict[str, Any], section: dict[str, Any], words: str) -> None:
    config["theory"] |= section
    with pytest.raises(ConfigError, match=words):
        load_study(config, "config.yaml")


def test_knobs_are_checked(config: dict[str, Any]) -> None:
    config["theory"]["tables"]["equal_weight"] = {"num_steps": 10, "lr_wd": [0.1]}
    with pytest.raises(ConfigError, match=r"theory\.tables\.equal_weight: key 'beta1' is missing"):
        knobs_of("equal_weight", config)
    config["theory"]["tables"]["equal_weight"] = {"num_steps": 1, "lr_wd": [0.1], "beta1": 0.9}
    with pytest.raises(ConfigError, match=r"theory\.tables\.equal_weight: num_steps: 1 is not allowed"):
        knobs_of("equal_weight", config)


def test_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = {
        "a": [Claim("003", "Eq. 2", "c | d", FAILS, "by 3"), Claim("000", "Eq. 9", "late", HOLDS, "1")],
        "b": [Claim("000", "Eq. 1", "early", HOLDS, "0.5")],
        "c": [],
    }
    monkeypatch.setattr(theory_page, "claims_of", lambda name, _: claims[name])
    text = theory_page.write_theory_page({name: pd.DataFrame() for name in claims})
    assert "Of 3 claims: “holds” for 2, “fails” for 1." in text
    assert text.index("early") < text.index("late") < text.index("Post 003")
    assert "| c \\| d | Eq. 2 | **fails** | by 3 |" in text
    assert "<td><strong>fails</strong></td>" in as_html(text)
    assert "Post 003" not in theory_page.write_theory_page({"b": pd.DataFrame()})


def test_a_verdict_that_is_none() -> None:
    with pytest.raises(ValueError, match="allowed: holds, holds where, fails, not tested"):
        Claim("000", "Eq. 1", "x", "maybe", "y")


@pytest.mark.parametrize(
    "caption",
    [
        *(f"theory_table_{name}" for name in TABLES),
        *(f"theory_figure_{name}" for name in registry.names("theory/figures")),
        "theory_page",
    ],
)
def test_captions_are_valid_and_say_something(caption: str) -> None:
    source = (REPORT / f"{caption}.rst").read_text()
    text = jinja2.Template(source, undefined=jinja2.StrictUndefined).render(snakemake={"config": {"study": "a_study"}})
    # halt_level 2: a warning of docutils is an error.
    html = docutils.core.publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]
    assert len(html) > 300


def test_equations_are_in_their_own_order() -> None:
    places = ["Eq. 14", "Eq. 4", "Eq. 28, proved in the next post", "below Eq. 3", "Eq. 28"]
    assert sorted(places, key=theory_page._in_order) == [
        "Eq. 4",
        "Eq. 14",
        "Eq. 28",
        "Eq. 28, proved in the next post",
        "below Eq. 3",
    ]
