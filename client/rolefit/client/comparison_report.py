"""Renders a comparison of two profiles for a person at a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from rolefit.client.answer import Recommendation
from rolefit.client.comparison import FieldSet, ProfileComparison
from rolefit.client.page import Page, headed, printable
from rolefit.client.wording import CERTAINTIES, PATHS, listed


@dataclass(frozen=True, slots=True)
class Sides:
    """What to call two profiles that are compared, and what lies between them."""

    first: str
    second: str
    differ: str
    gained: str
    lost: str
    leads: str
    """What a change of the first does, up to the path it leads to."""


TWO_PROFILES = Sides(
    first="First",
    second="Second",
    differ="Where the profiles differ",
    gained="Only the second",
    lost="Only the first",
    leads="the first profile to",
)
NOW_AND_THEN = Sides(
    first="Now",
    second="Then",
    differ="What you change",
    gained="Gained",
    lost="Lost",
    leads="to",
)


def print_comparison(
    compared: ProfileComparison, console: Console, sides: Sides = TWO_PROFILES
) -> None:
    """Print both answers and what lies between them."""
    page = Page(console)
    for sentence in page.fresh([compared.headline]):
        page.line(Text(sentence, style="bold"))
    page.line(_answer(sides.first, compared.a))
    page.line(_answer(sides.second, compared.b))
    _differences(compared, page, sides)
    _changed_by(compared, page, sides)
    page.points(sides.gained, (found.message for found in compared.gained), "green", "+")
    page.points(sides.lost, (found.message for found in compared.lost), "yellow", "\u2212")
    page.footer(compared.ruleset, compared.decision_id)


def _answer(which: str, answer: Recommendation) -> Text:
    line = Text(f"{which}: {PATHS[answer.path]}")
    certainty = CERTAINTIES.get(answer.certainty)
    if certainty:
        line.append(f" · {certainty}", style="dim")
    return line


def _differences(compared: ProfileComparison, page: Page, sides: Sides) -> None:
    page.heading(sides.differ)
    if not compared.differences:
        page.line(Text("Nowhere: they say the same."))
        return
    table = headed("What", sides.first, sides.second)
    for difference in compared.differences:
        table.add_row(*map(printable, (difference.label, difference.a, difference.b)))
    page.line(table)


def _changed_by(compared: ProfileComparison, page: Page, sides: Sides) -> None:
    if not compared.path_changed_by:
        return
    labels = {each.field: printable(each.label) for each in compared.differences}
    page.heading("What changed the path")
    for changed in compared.path_changed_by:
        page.point(Text("→", style="cyan"), Text(_change(changed, labels, sides)))


def _change(changed: FieldSet, labels: dict[str, str], sides: Sides) -> str:
    # A field that is not among the differences has no words; its last part comes closest.
    names = [
        labels.get(field) or printable(field.rpartition(".")[2].replace("_", " "))
        for field in changed.fields
    ]
    words = listed(names, "and")
    lead = "this alone leads" if len(names) == 1 else "these together lead"
    path = PATHS[changed.path]
    return f"{words[:1].upper()}{words[1:]}: {lead} {sides.leads} {path}"
