"""Lays out what a person reads at a terminal: headings, points, tables, each sentence once."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rolefit.client.ruleset import Ruleset

_DIGEST_SHOWN = 12
# Lines longer than this are hard to read, however wide the terminal.
_WIDEST = 100
_INDENT = 2


class Page:
    """A page on a console. It remembers what it said."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = min(console.width, _WIDEST)
        self._said: set[str] = set()

    def fresh(self, messages: Iterable[str]) -> list[str]:
        """Keep the sentences that were not said yet, and note them as said."""
        fresh = []
        for message in messages:
            sentence = printable(message)
            if sentence and _key(sentence) not in self._said:
                self._said.add(_key(sentence))
                fresh.append(sentence)
        return fresh

    def unsaid(self, messages: Iterable[str]) -> list[str]:
        """Keep the sentences that were not said yet, without noting them."""
        sentences = map(printable, messages)
        return [each for each in sentences if each and _key(each) not in self._said]

    def heading(self, words: str) -> None:
        """Begin a section."""
        self._console.print()
        self._console.print(Text(words, style="bold"))

    def line(self, content: Text | Table) -> None:
        """Print one indented line, or a table."""
        self._console.print(
            Padding(content, (0, 0, 0, _INDENT), expand=False), width=self._width
        )

    def point(self, mark: Text, text: Text) -> None:
        """Print a sentence behind a mark; what does not fit hangs below its beginning."""
        table = grid()
        table.add_column(width=len(mark.plain))
        table.add_column(ratio=1)
        table.add_row(mark, text)
        self.line(table)

    def points(self, heading: str, messages: Iterable[str], style: str, mark: str) -> None:
        """Print a section of points, or nothing if everything in it was said before."""
        sentences = self.fresh(messages)
        if not sentences:
            return
        self.heading(heading)
        for sentence in sentences:
            self.point(Text(mark, style=style), Text(sentence))

    def steps(self, heading: str, messages: Iterable[str]) -> None:
        """Print a section of numbered points."""
        sentences = self.fresh(messages)
        if not sentences:
            return
        self.heading(heading)
        width = len(str(len(sentences)))
        for number, sentence in enumerate(sentences, start=1):
            self.point(Text(f"{number:>{width}}", style="cyan"), Text(sentence))

    def footer(self, ruleset: Ruleset, decision_id: str) -> None:
        """Print which rules answered, and the identifier for the log."""
        digest = ruleset.digest.rpartition(":")[2][:_DIGEST_SHOWN]
        named = " · ".join(filter(None, (f"{ruleset.name} {ruleset.version}".strip(), digest)))
        self._console.print()
        for name, value in (("Rules", named), ("Decision", decision_id)):
            if value:
                line = Text(f"{name:8}  {printable(value)}", style="dim")
                self._console.print(line, width=self._width)


def grid(edge: box.Box | None = None) -> Table:
    """Make a table; without an edge it has no header either."""
    return Table(
        box=edge,
        show_header=edge is not None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def headed(*columns: str) -> Table:
    """Make a table with a header."""
    table = grid(box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, header_style="dim")
    return table


def printable(text: str) -> str:
    """Keep text from a server from steering the terminal."""
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _key(sentence: str) -> str:
    """Make what two sentences have in common that say the same."""
    return sentence.casefold().rstrip(" .!")
