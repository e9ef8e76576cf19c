"""Markdown as HTML, for Snakemake's report, which cannot show Markdown; only what our pages use is supported."""

import base64
import html
import re
from collections.abc import Mapping

_STYLE = (
    ".page { font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; } "
    ".page img { width: 100%; } "
    ".page table { border-collapse: collapse; } "
    ".page td, .page th { border: 1px solid #ccc; padding: 0.2em 0.6em; text-align: left; }"
)


def as_html(markdown: str, pictures: Mapping[str, bytes] | None = None) -> str:
    """Turn headings, paragraphs, bullets, tables, pictures, bold text and code into HTML.

    Args:
        markdown: blocks with an empty line between; a block is all bullets, all rows of a table, a picture, or text.
        pictures: PNG files by the paths that the text has; they become parts of the page. Others are left out.
    """
    blocks = [_block(block.splitlines(), pictures or {}) for block in markdown.strip().split("\n\n")]
    head = f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><style>{_STYLE}</style></head>'
    return "\n".join([head, '<body><div class="page">', *blocks, "</div></body>", "</html>"]) + "\n"


def _block(lines: list[str], pictures: Mapping[str, bytes]) -> str:
    marks, _, title = lines[0].partition(" ")
    if marks and set(marks) == {"#"}:
        return f"<h{len(marks)}>{_inline(title)}</h{len(marks)}>"
    if picture := re.fullmatch(r"!\[(.*)\]\((.*)\)", lines[0]):
        name, path = picture.groups()
        data = base64.b64encode(pictures.get(path, b"")).decode()
        return f'<p><img alt="{html.escape(name)}" src="data:image/png;base64,{data}"/></p>' if data else ""
    if all(line.startswith("* ") for line in lines):
        return "<ul>" + "".join(f"<li>{_inline(line[2:])}</li>" for line in lines) + "</ul>"
    if lines[0].startswith("|"):
        first, _, *rest = lines
        return "<table>" + _row(first, "th") + "".join(_row(line, "td") for line in rest) + "</table>"
    return f"<p>{'<br/>'.join(map(_inline, lines))}</p>"


def _row(line: str, cell: str) -> str:
    entries = re.split(r"(?<!\\)\|", line.strip()[1:-1])
    return "<tr>" + "".join(f"<{cell}>{_inline(entry.strip())}</{cell}>" for entry in entries) + "</tr>"


def _inline(text: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\\([*|])", r"\1", text)
