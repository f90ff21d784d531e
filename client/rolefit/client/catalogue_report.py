"""Renders the catalogue for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rolefit.client.catalogue import (
    ClaimEntry,
    CodeEntry,
    ComparisonCell,
    ComparisonRow,
    PathEntry,
    RuleEntry,
    Statement,
)
from rolefit.client.page import Page, headed, printable
from rolefit.client.vocabulary import ClaimStrength
from rolefit.client.wording import NOT_KNOWN, PATHS

_MOST_HOMES = 3

# Flat is how most of it is said, so only the rest needs a word.
_STRENGTHS = {
    ClaimStrength.HEDGED: "hedged",
    ClaimStrength.PERMISSIVE: "as possible",
}
# Wide enough for most titles of dimensions; the others may wrap.
_TITLE_WIDTH = 24


class CatalogueReport:
    """Prints what the guide says, and the rules that apply it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._page = Page(console)

    def print_paths(self, paths: Iterable[PathEntry]) -> None:
        """Print the paths, each in one sentence."""
        table = headed("Path", "In one sentence")
        for path in paths:
            table.add_row(
                Text(printable(path.title), style="bold"), Text(printable(path.tagline.text))
            )
        self._page.line(table)

    def print_path(self, path: PathEntry) -> None:
        """Print what the guide says of one path, section by section."""
        self._title(path.title, "")
        self._page.line(_statement(path.tagline))
        for section in path.sections:
            self._page.heading(printable(section.title))
            for statement in section.statements:
                self._page.point(Text("•", style="blue"), _statement(statement))

    def print_comparison(self, rows: Sequence[ComparisonRow]) -> None:
        """Print a table of paths side by side."""
        paths = [PATHS[cell.path] for cell in rows[0].cells] if rows else []
        table = headed("", *paths)
        table.columns[0].max_width = _TITLE_WIDTH
        for column in table.columns[1:]:
            column.ratio = 1
        for row in rows:
            cells = map(_cell, row.cells)
            table.add_row(Text(printable(row.title), style="bold"), *cells)
            table.add_row()
        # Not through the page: columns side by side need all the width there is.
        self._console.print(table)

    def print_rules(self, rules: Sequence[RuleEntry]) -> None:
        """Print one line for each rule, and how many there are."""
        table = headed("Rule", "Kind", "Concludes", "Claims")
        for rule in rules:
            table.add_row(
                Text(printable(rule.id), overflow="fold"),
                rule.layer.lower(),
                Text(printable(rule.concludes), overflow="fold"),
                Text(" ".join(map(printable, rule.claims)), style="dim"),
            )
        self._console.print(table)
        self._total(f"{len(rules)} {'rule' if len(rules) == 1 else 'rules'}")

    def print_rule(self, rule: RuleEntry) -> None:
        """Print one rule, whole."""
        self._title(rule.id, f"{rule.layer.lower()} → {printable(rule.concludes)}")
        self._rule_body(rule)
        self._page.heading("Rests on")
        claims = " ".join(map(printable, rule.claims)) or "no claim"
        self._page.line(Text(_with_strength(claims, rule.strength)))
        if rule.convention:
            self._page.line(Text("The guide leaves it open: the rule set chose."))
        if rule.paths:
            self._page.heading("Speaks of")
            self._page.line(Text(", ".join(PATHS[path] for path in rule.paths)))
        self._total(printable(rule.source))

    def print_claims(self, claims: Sequence[ClaimEntry]) -> None:
        """Print each claim with where it lives, and how many live somewhere."""
        table = headed("Claim", "Says", "Lives in")
        table.columns[1].ratio = 3
        table.columns[2].ratio = 2
        for claim in claims:
            table.add_row(printable(claim.id), Text(printable(claim.text)), _homes(claim))
        self._console.print(table)
        housed = sum(bool(claim.homes) for claim in claims)
        self._total(f"{housed} of {len(claims)} claims have a home")

    def print_explanation(
        self, code: CodeEntry, claims: Iterable[ClaimEntry], rules: Iterable[RuleEntry]
    ) -> None:
        """Print what a finding code means, its claims in words and the rules that give it."""
        self._title(code.code, code.kind.lower().replace("_", " "))
        self._page.line(Text(printable(code.meaning)))
        if code.claims:
            self._page.heading("The guide says")
        for claim in claims:
            text = Text(printable(claim.text))
            text.append(f" ({_with_strength(printable(claim.id), claim.strength)})", "dim")
            self._page.point(Text("•", style="blue"), text)
        for rule in rules:
            self._page.heading(f"Rule {printable(rule.id)}")
            self._rule_body(rule)

    def _rule_body(self, rule: RuleEntry) -> None:
        for words, condition in (
            ("when", rule.condition),
            ("no when", rule.no_condition),
        ):
            if condition:
                self._page.line(_condition(words, condition))
        for sentence in rule.sentences:
            self._page.point(Text("→", style="green"), Text(printable(sentence)))

    def _title(self, title: str, detail: str) -> None:
        line = Text(printable(title), style="bold")
        if detail:
            line.append(" · ", style="dim not bold")
            line.append(detail, style="not bold")
        self._page.line(line)

    def _total(self, words: str) -> None:
        self._console.print()
        self._page.line(Text(words, style="dim"))


def _statement(statement: Statement) -> Text:
    text = Text(printable(statement.text))
    claims = " ".join(map(printable, statement.claims))
    return text.append(f" ({_with_strength(claims, statement.strength)})", style="dim")


def _with_strength(claims: str, strength: ClaimStrength) -> str:
    words = _STRENGTHS.get(strength)
    return f"{claims}, said {words}" if words else claims


def _cell(cell: ComparisonCell) -> Text:
    said = cell.statement
    return Text(NOT_KNOWN, style="dim") if said is None else Text(printable(said.text))


def _homes(claim: ClaimEntry) -> Text:
    shown = [printable(home) for home in claim.homes[:_MOST_HOMES]]
    more = len(claim.homes) - len(shown)
    if more:
        shown.append(f"and {more} more")
    return Text("\n".join(shown) or "nowhere yet", style="" if shown else "yellow")


def _condition(words: str, condition: str) -> Table:
    # Line by line: the indentation says what belongs together.
    lines = []
    for line in condition.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        lines.append(f"{' ' * indent}{printable(line)}")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_row(Text(words, style="dim"), Text("\n".join(lines)))
    return table
