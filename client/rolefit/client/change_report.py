"""Renders what would have to change for a path, for a person at a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from rolefit.client.change import Change, Changes
from rolefit.client.field_change import FieldChange
from rolefit.client.page import Page, printable
from rolefit.client.vocabulary import ChangeGoal, ChangeOutcome
from rolefit.client.wording import CERTAINTIES, EFFORTS, PATHS, listed


@dataclass(frozen=True, slots=True)
class Sought:
    """What the changes were looked for."""

    goal: ChangeGoal
    """That it is recommended, or open."""
    wider: tuple[str, ...]
    """What would let more changes count, in words, such as "--wishes"."""


def print_changes(changes: Changes, sought: Sought, console: Console) -> None:
    """Print the smallest changes, or why there are none."""
    page = Page(console)
    for sentence in page.fresh([changes.headline]):
        page.line(Text(sentence, style="bold"))
    page.line(Text(f"Now: {PATHS[changes.current_path]}"))
    for number, change in enumerate(changes.changes, start=1):
        page.heading(f"{number}. {_effort(change)}")
        mixed = len({each.effort for each in change.fields}) > 1
        for each in change.fields:
            page.point(Text("•", style="cyan"), _field(each, with_effort=mixed))
        page.line(_answer(change, sought))
    for sentence in page.fresh([_none(changes.outcome, sought)]):
        page.line(Text(sentence))
    page.footer(changes.ruleset, changes.decision_id)


def _effort(change: Change) -> str:
    """Say what a change takes, from most effort to least."""
    taken = {each.effort for each in change.fields}
    known = [words for effort, words in EFFORTS.items() if effort in taken]
    words = listed(known, "and") or "not known how much it takes"
    return f"{words[:1].upper()}{words[1:]}"


def _field(each: FieldChange, *, with_effort: bool) -> Text:
    text = Text(f"{printable(each.label)}: {printable(each.observed)} → ")
    text.append(printable(each.needed), style="bold")
    words = EFFORTS.get(each.effort) if with_effort else None
    return text.append(f" ({words})", style="dim") if words else text


def _answer(change: Change, sought: Sought) -> Text:
    answer = change.recommendation
    lead = "Then open; recommended" if sought.goal is ChangeGoal.OPEN else "Then"
    line = Text(f"{lead}: {PATHS[answer.path]}")
    certainty = CERTAINTIES.get(answer.certainty, "").partition(":")[0]
    return line.append(f" · {certainty}", style="dim") if certainty else line


def _none(outcome: ChangeOutcome, sought: Sought) -> str:
    """Say what the headline leaves open where no change is listed."""
    if outcome is ChangeOutcome.NONE_EXISTS:
        more = f" Worth trying: {listed(list(sought.wider))}." if sought.wider else ""
        return f"That is proven: every change that you allow was looked at.{more}"
    if outcome is ChangeOutcome.NOT_KNOWN:
        return "The search was given up, so there may be one."
    return ""
