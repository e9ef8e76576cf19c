"""What the documents contain: links, code blocks, and the commands that a reader is to type.

``commands()`` lists every command in the bash blocks of README, docs, CONTRIBUTING and config/README.md. ``files_of``
gives the files that a document has its reader write, so that a test can write them and run the commands for real.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ("python3", "envs/run.py")
# ```language and, for a file that the reader writes, its name.
_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!\\)!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code."""

    document: Path
    line: int
    language: str
    file: str | None
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a document.

    Args:
        document, line: where it stands (the line counts from 1).
        text: as it stands there, without its comment.
        in_environment: whether it begins with ``python3 envs/run.py``.
        dev: whether it asks for the tools for tests (``--dev``).
        words: the command itself, without ``python3 envs/run.py --dev``.
    """

    document: Path
    line: int
    text: str
    in_environment: bool
    dev: bool
    words: tuple[str, ...]

    @property
    def where(self) -> str:
        """Document and line, for messages."""
        return f"{self.document.relative_to(ROOT)}:{self.line}"


def documents() -> list[Path]:
    """The documents that a reader is sent to: README, CONTRIBUTING, config/README.md and docs."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "config" / "README.md"]
    return [path for path in [*found, *sorted((ROOT / "docs").glob("*.md"))] if path.exists()]


def blocks(document: Path) -> list[Block]:
    """The fenced blocks of a document."""
    text = document.read_text()
    found = []
    for match in _FENCE.finditer(text):
        language, _, file = match["info"].strip().partition(" ")
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines()]
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(document, line, language, file or None, "\n".join(lines) + "\n"))
    return found


def commands() -> list[Command]:
    """All commands of all documents."""
    return [command for document in documents() for command in commands_of(document)]


def commands_of(document: Path) -> list[Command]:
    """The commands of a document's bash blocks, in their order; a line that ends with a backslash goes on."""
    found = []
    for block in blocks(document):
        if block.language == "bash":
            found += [_command(document, block.line + number, text) for number, text in _lines(block.text)]
    return found


def files_of(document: Path) -> dict[str, str]:
    """The files that a document tells a reader to write: blocks such as ```yaml mine.yaml."""
    return {block.file: block.text for block in blocks(document) if block.file}


def links(document: Path) -> list[str]:
    """Targets of a document's links and images, code left out."""
    return _LINK.findall(prose(document))


def code(document: Path) -> list[str]:
    """What stands between backticks in a document and has no space in it."""
    return re.findall(r"`([^`\s]+)`", _FENCE.sub("", document.read_text()))


def prose(document: Path) -> str:
    """A document without its fenced blocks and without code between backticks."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", document.read_text()))


def anchors(document: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", document.read_text())):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        base = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        anchor, number = base, 0
        while anchor in found:
            number += 1
            anchor = f"{base}-{number}"
        found.add(anchor)
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first line, from 0; empty ones and comments left out."""
    begun, pieces = 0, []
    for number, line in enumerate(text.splitlines()):
        if not pieces:
            begun = number
        pieces.append(line.removesuffix("\\"))
        if not line.endswith("\\"):
            joined = " ".join(pieces).strip()
            pieces = []
            if joined and not joined.startswith("#"):
                yield begun, joined


def _command(document: Path, line: int, text: str) -> Command:
    words = tuple(shlex.split(text, comments=True))
    in_environment = words[:2] == RUNNER
    words = words[2:] if in_environment else words
    dev = in_environment and words[:1] == ("--dev",)
    shown = re.split(r"\s+#\s", text)[0].strip()
    return Command(document, line, shown, in_environment, dev, words[1:] if dev else words)
