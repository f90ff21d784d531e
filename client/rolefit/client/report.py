"""Renders an answer for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rich.console import Console
from rich.text import Text

from rolefit.client.answer import (
    Answer,
    CompensationPanel,
    Margin,
    NextQuestion,
    PathAssessment,
)
from rolefit.client.page import Page, grid, headed, printable
from rolefit.client.preparation_report import print_preparations
from rolefit.client.vocabulary import Certainty, FindingKind, Path, PayNoteKind, Ternary
from rolefit.client.wording import (
    CERTAINTIES,
    ESSENTIAL,
    FITS,
    LEVELS,
    NOT_KNOWN,
    OPEN_NOW,
    PATHS,
    listed,
    number_words,
    pay_range,
    would_lead_to,
)

_MOST_QUESTIONS = 4
_MOST_WHY_NOT = 2
_MOST_MARGINS = 4
_MOST_IN_SHORT = 3

# What the findings do not say already: how pay is spread, what drives it, who overtakes whom.
_NOTES_SHOWN = (PayNoteKind.SHAPE, PayNoteKind.DRIVER, PayNoteKind.OVERTAKING)

_CERTAINTY_STYLES = {
    Certainty.CERTAIN: "green",
    Certainty.PROVISIONAL: "yellow",
    Certainty.UNDETERMINED: "yellow",
}


def print_report(answer: Answer, console: Console) -> None:
    """Print an answer: what fits, why, what to mind and what to do next.

    Nothing is said twice, and codes stay out: they are for programs.
    """
    _Report(answer, Page(console)).print()


def print_short_report(answer: Answer, console: Console) -> None:
    """Print the heart of an answer: what fits, why, what to mind, what to do next."""
    _Report(answer, Page(console)).print_short()


class _Report:
    def __init__(self, answer: Answer, page: Page) -> None:
        self._answer = answer
        self._page = page

    def print_short(self) -> None:
        page = self._page
        held = self._answer.assessment_of(self._answer.path)
        self._title()
        for heading, messages, style, mark in (
            ("Why", self._reasons(held), "green", "+"),
            ("Does not add up", self._found(FindingKind.CONTRADICTION), "red", "!"),
            ("Watch out", self._hazards(held), "yellow", "!"),
            ("Next steps", self._found(FindingKind.NEXT_STEP), "cyan", "→"),
        ):
            page.points(heading, islice(messages, _MOST_IN_SHORT), style, mark)

    def print(self) -> None:
        answer, page = self._answer, self._page
        held = answer.assessment_of(answer.path)
        self._title()
        page.points("Why", self._reasons(held), "green", "+")
        page.points("In your favour", self._found(FindingKind.EVIDENCE), "green", "+")
        page.points("Getting in", self._found(FindingKind.GATE), "cyan", "•")
        page.points("Does not add up", self._found(FindingKind.CONTRADICTION), "red", "!")
        page.points("Watch out", self._hazards(held), "yellow", "!")
        page.points("Missing", self._found(FindingKind.MISSING), "magenta", "?")
        self._questions()
        page.points("Next steps", self._found(FindingKind.NEXT_STEP), "cyan", "→")
        page.points("Good to know", self._notes(), "blue", "•")
        self._paths()
        self._others()
        self._firmness()
        self._seat()
        self._pay()
        print_preparations(answer.preparations, page)
        page.footer(answer.ruleset, answer.decision_id)

    # What to say.

    def _found(self, *kinds: FindingKind) -> Iterator[str]:
        return (f.message for f in self._answer.findings if f.kind in kinds)

    def _reasons(self, held: PathAssessment | None) -> Iterator[str]:
        return (reason.message for reason in (held.reasons if held else ()))

    def _hazards(self, held: PathAssessment | None) -> Iterator[str]:
        yield from self._found(FindingKind.RISK)
        yield from (reason.message for reason in (held.why_not if held else ()))

    def _notes(self) -> Iterator[str]:
        # A kind that this version does not know is still something to read.
        return self._found(FindingKind.NOTE, FindingKind.UNSPECIFIED, FindingKind.UNRECOGNIZED)

    # How to say it.

    def _title(self) -> None:
        answer = self._answer
        title = Text(PATHS[answer.path], style="bold")
        certainty = CERTAINTIES.get(answer.certainty)
        if certainty:
            title.append(" · ", style="dim not bold")
            title.append(certainty, style=f"{_CERTAINTY_STYLES[answer.certainty]} not bold")
        self._page.line(title)
        for sentence in self._page.fresh([answer.headline]):
            self._page.line(Text(sentence))

    def _questions(self) -> None:
        asked = self._answer.next_questions[:_MOST_QUESTIONS]
        fresh = [each for each in asked if self._page.fresh([each.question])]
        if not fresh:
            return
        self._page.heading("Questions that would settle more")
        for number, question in enumerate(fresh, start=1):
            text = Text(printable(question.question))
            text.append(f"\n{_how_to_answer(question)}", style="dim")
            self._page.point(Text(f"{number}", style="magenta"), text)

    def _paths(self) -> None:
        if not self._answer.assessments:
            return
        self._page.heading("The five paths")
        table = headed("Path", "Fit", "Open now")
        for held in self._answer.assessments:
            chosen = held.path is self._answer.path
            table.add_row(
                Text(PATHS[held.path], style="bold" if chosen else ""),
                FITS.get(held.fit, NOT_KNOWN),
                OPEN_NOW.get(held.open_now, NOT_KNOWN),
            )
        self._page.line(table)

    def _others(self) -> None:
        rows: dict[str, list[PathAssessment]] = {}  # paths by what speaks against them
        given: set[str] = set()
        for held in self._answer.assessments:
            if held.path is not self._answer.path:
                against = self._page.unsaid(reason.message for reason in held.why_not)
                # A reason that another path has too is left to that one, if others remain.
                own = [each for each in against if each not in given] or against
                given.update(own[:_MOST_WHY_NOT])
                rows.setdefault(" ".join(own[:_MOST_WHY_NOT]), []).append(held)
        # Nothing against them, and nothing that would lead to them.
        if not any(held.would_need for held in rows.get("", ())):
            rows.pop("", None)
        if not rows:
            return
        self._page.heading("Why not the others")
        table = grid()
        table.add_column(style="dim", max_width=20)
        table.add_column(ratio=1)
        for text, paths in rows.items():
            names = listed([PATHS[held.path] for held in paths], "and")
            table.add_row(names, _against(text, paths))
        self._page.line(table)

    def _firmness(self) -> None:
        answer = self._answer
        margins = answer.margins[:_MOST_MARGINS]
        if not margins:
            return
        self._page.heading("How firm")
        for margin in margins:
            self._page.point(Text("•", style="blue"), Text(_margin(margin)))

    def _pay(self) -> None:
        panel = self._answer.compensation
        if panel is None:
            return
        sentences = self._page.fresh([panel.message])
        overlap = self._page.fresh([panel.overlap.message] if panel.overlap else [])
        notes = self._page.fresh(_notes_shown(panel))
        if not (sentences or panel.bands or overlap or notes):
            return
        self._page.heading("Pay")
        if panel.bands:
            table = grid()
            for band in panel.bands:
                level = LEVELS.get(band.level, "")
                table.add_row(PATHS[band.path], Text(level, style="dim"), pay_range(band))
            self._page.line(table)
        for sentence in (*sentences, *overlap):
            self._page.line(Text(sentence, style="dim" if panel.bands else ""))
        for note in notes:
            self._page.point(Text("•", style="blue"), Text(note))

    def _seat(self) -> None:
        sentences = self._page.fresh([self._answer.seat.message])
        if sentences:
            style = {Ternary.YES: "green", Ternary.NO: "yellow"}.get(
                self._answer.seat.available, ""
            )
            self._page.heading("Seat at the employer aimed at")
            self._page.line(Text(sentences[0], style=style))


def _notes_shown(panel: CompensationPanel) -> Iterator[str]:
    """Pick the notes that explain the bands; the rest is for those who ask for it all."""
    for kind in _NOTES_SHOWN:
        yield from (note.message for note in panel.notes if note.kind is kind)


def _against(text: str, paths: list[PathAssessment]) -> Text:
    """Write what speaks against paths, and on a line for each what it would need."""
    lines = [Text(text)] if text else []
    for held in paths:
        if held.would_need:
            lead = "Would need" if len(paths) == 1 else f"{PATHS[held.path]} would need"
            lines.append(Text(f"{lead}: {_needs(held)}", style="dim"))
    return Text("\n").join(lines)


def _needs(held: PathAssessment) -> str:
    return "; ".join(
        f"{printable(each.label)}: {printable(each.needed)}" for each in held.would_need
    )


def _margin(margin: Margin) -> str:
    """Say at which values of a number the path would be another one."""
    flips = [
        f"{printable(flip.at)} {would_lead_to(flip.path)}"
        for flip in (margin.below, margin.above)
        if flip is not None
    ]
    value = number_words(margin.value)
    return f"{printable(margin.label)}: {value}; {listed(flips, 'and')}"


def _how_to_answer(question: NextQuestion) -> str:
    """Say what to write into the profile, and where that could lead."""
    field = printable(question.field)
    options = [printable(option) for option in question.options]
    how = f"{field}: {listed(options)}" if options else field
    paths = [PATHS[path] for path in question.could_lead_to if path is not Path.UNDETERMINED]
    notes = [ESSENTIAL] if question.essential else []
    if paths:
        notes.append(f"could lead to {listed(paths)}")
    return f"{how} ({'; '.join(notes)})" if notes else how
