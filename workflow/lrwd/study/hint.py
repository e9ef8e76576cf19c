"""A hint for messages about a misspelt name."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, offered: Iterable[str]) -> str:
    """A hint for messages, " Did you mean 'x'?"; empty if nothing is close. Case is ignored."""
    by_lower = {one.lower(): one for one in offered}
    near = difflib.get_close_matches(name.lower(), list(by_lower), 1)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
