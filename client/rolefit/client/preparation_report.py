"""Renders what to prepare for a person at a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from rolefit.client.page import Page, headed, printable
from rolefit.client.preparation import (
    InterviewRound,
    Preparation,
    PreparationItem,
    PreparationPack,
    SkillGap,
)
from rolefit.client.vocabulary import Path, Readiness
from rolefit.client.wording import NOT_KNOWN, PATHS, READINESS, listed

_READINESS_STYLES = {
    Readiness.READY: "green",
    Readiness.THIN: "yellow",
    Readiness.MISSING: "red",
    Readiness.UNKNOWN: "magenta",
}


def print_pack(pack: PreparationPack, console: Console) -> None:
    """Print what to prepare for each path of a pack."""
    page = Page(console)
    page.line(Text(_title(pack.recommended_path), style="bold"))
    print_preparations(pack.preparations, page)
    if not pack.preparations:
        page.line(Text("There is nothing to prepare for until a path is chosen."))
    page.footer(pack.ruleset, pack.decision_id)


def print_preparations(preparations: Sequence[Preparation], page: Page) -> None:
    """Print the sections of each path, saying again nothing that the page has said."""
    for preparation in preparations:
        path = PATHS[preparation.path]
        _rounds(preparation.rounds, path, page)
        page.points(f"{path}: lead the résumé with", _said(preparation.resume), "green", "+")
        page.points(
            f"{path}: anchor a negotiation on", _said(preparation.negotiation), "green", "+"
        )
        if preparation.skills is not None:
            _skills(preparation.skills, path, page)
        page.steps(f"{path}: next steps", _said(preparation.next_steps))
        page.points(f"{path}: left out", [preparation.message], "dim", "•")


def _title(recommended: Path) -> str:
    if recommended is Path.UNDETERMINED:
        return "The path is not decided yet."
    return f"Recommended path: {PATHS[recommended]}"


def _said(items: Sequence[PreparationItem]) -> list[str]:
    return [item.message for item in items]


def _rounds(rounds: Sequence[InterviewRound], path: str, page: Page) -> None:
    if not rounds:
        return
    page.heading(f"{path}: the interview loop")
    table = headed("Round", "Evidence", "Why")
    for each in rounds:
        table.add_row(
            printable(each.title),
            Text(
                READINESS.get(each.readiness, NOT_KNOWN),
                style=_READINESS_STYLES.get(each.readiness, ""),
            ),
            _why(each),
        )
    page.line(table)


def _why(each: InterviewRound) -> Text:
    why = Text(printable(each.message))
    probes = printable(each.probes)
    if probes:
        why.append(f"\n{probes}" if why else probes, style="dim")
    return why


def _skills(skills: SkillGap, path: str, page: Page) -> None:
    page.heading(f"{path}: skills in demand")
    if not skills.known:
        page.line(Text("Nobody has looked up which of them you have.", style="dim"))
        return
    for mark, style, words, names in (
        ("+", "green", "You have", skills.held),
        ("?", "magenta", "Still missing", skills.missing),
    ):
        shown = listed([printable(name) for name in names], "and") or "none"
        page.point(Text(mark, style=style), Text(f"{words}: {shown}"))
