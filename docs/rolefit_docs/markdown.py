"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# Everything that Markdown or an extension in use could take for markup.
_SPECIAL = {ord(char): f"&#{ord(char)};" for char in "&<>\\`*_[]{}|#~^$"}


def escaped(text: str) -> str:
    """The text, with nothing in it that Markdown would interpret."""
    return text.translate(_SPECIAL)


def code(text: str) -> str:
    """The text as code; it may stand in a table and in a link, and break where words join."""
    parts = re.sub(r"(?<=\w[_./])(?=[a-zA-Z])", "\n", text).split("\n")
    return f"<code>{'<wbr>'.join(map(escaped, parts))}</code>"


def link(label: str, href: str) -> str:
    """A link; `label` is Markdown."""
    return f"[{label}]({href})"


def anchored(label: str, anchor: str) -> str:
    """A label that can be linked to as `#anchor`, and that links to itself."""
    return f"[{label}](#{anchor}){{ #{anchor} }}"


def heading(level: int, title: str, anchor: str = "") -> str:
    """A heading; without an anchor, MkDocs makes one from the title."""
    attributes = f" {{ #{anchor} }}" if anchor else ""
    return f"{'#' * level} {title}{attributes}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are Markdown without line ends."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def bullets(items: Iterable[str]) -> str:
    """A list of Markdown items."""
    return "\n".join(f"- {item}" for item in items)


def page(*blocks: str) -> str:
    """Blocks one below the other; empty ones are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"
