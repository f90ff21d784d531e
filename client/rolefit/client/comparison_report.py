"""Renders a comparison of two profiles for a person at a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from rolefit.client.answer import Recommendation
from rolefit.client.comparison import FieldSet, ProfileComparison
from rolefit.client.page import Page, headed, printable
from rolefit.client.wording import CERTAINTIES, PATHS, listed


def print_comparison(compared: ProfileComparison, console: Console) -> None:
    """Print both answers and what lies between them."""
    page = Page(console)
    for sentence in page.fresh([compared.headline]):
        page.line(Text(sentence, style="bold"))
    page.line(_answer("First", compared.a))
    page.line(_answer("Second", compared.b))
    _differences(compared, page)
    _changed_by(compared, page)
    page.points("Only the second", (found.message for found in compared.gained), "green", "+")
    page.points(
        "Only the first", (found.message for found in compared.lost), "yellow", "\u2212"
    )
    page.footer(compared.ruleset, compared.decision_id)


def _answer(which: str, answer: Recommendation) -> Text:
    line = Text(f"{which}: {PATHS[answer.path]}")
    certainty = CERTAINTIES.get(answer.certainty)
    if certainty:
        line.append(f" · {certainty}", style="dim")
    return line


def _differences(compared: ProfileComparison, page: Page) -> None:
    page.heading("Where the profiles differ")
    if not compared.differences:
        page.line(Text("Nowhere: they say the same."))
        return
    table = headed("What", "First", "Second")
    for difference in compared.differences:
        table.add_row(*map(printable, (difference.label, difference.a, difference.b)))
    page.line(table)


def _changed_by(compared: ProfileComparison, page: Page) -> None:
    if not compared.path_changed_by:
        return
    labels = {each.field: printable(each.label) for each in compared.differences}
    page.heading("What changed the path")
    for changed in compared.path_changed_by:
        page.point(Text("→", style="cyan"), Text(_change(changed, labels)))


def _change(changed: FieldSet, labels: dict[str, str]) -> str:
    # A field that is not among the differences has no words; its last part comes closest.
    names = [
        labels.get(field) or printable(field.rpartition(".")[2].replace("_", " "))
        for field in changed.fields
    ]
    words = listed(names, "and")
    lead = "this alone leads" if len(names) == 1 else "these together lead"
    return f"{words[:1].upper()}{words[1:]}: {lead} the first profile to {PATHS[changed.path]}"
