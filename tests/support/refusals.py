"""Bad input: a change of the tiny study, and the refusal that it must meet."""

from collections.abc import Callable
from typing import Any

import yaml
from projects import PROFILE, Project

Config = dict[str, Any]


def refused(project: Project, change: Callable[[Config], Any], *says: str, target: str = "all") -> str:
    """Run the tiny study with a change of its configuration: it must be refused, and say all of this."""
    kept = yaml.safe_dump(project.extra)
    try:
        change(project.extra)
        result = project.run(*PROFILE, "--", target)
    finally:
        project.extra = yaml.safe_load(kept)
    assert result.rc != 0, result.text
    for text in says:
        assert text in result.text, f"{text!r} is not in:\n{result.text}"
    assert not project.records()
    assert not project.path("results/logs/runs").exists()
    return result.text


def into(path: str, value: Any) -> Callable[[Config], None]:
    """A change that sets one entry, given by its keys."""

    def change(config: Config) -> None:
        *parents, last = path.split("/")
        for key in parents:
            config = config.setdefault(key, {})
        config[last] = value

    return change
