"""Renders an answer for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from rolefit.client.answer import Answer, NextQuestion, PathAssessment, Reason
from rolefit.client.vocabulary import Certainty, FindingKind, Path, Ternary
from rolefit.client.wording import (
    CERTAINTIES,
    FITS,
    LEVELS,
    NOT_KNOWN,
    OPEN_NOW,
    PATHS,
    listed,
    pay_range,
)

_MOST_QUESTIONS = 4
_MOST_WHY_NOT = 2
_DIGEST_SHOWN = 12
# Lines longer than this are hard to read, however wide the terminal.
_WIDEST = 100
_INDENT = 2

_CERTAINTY_STYLES = {
    Certainty.CERTAIN: "green",
    Certainty.PROVISIONAL: "yellow",
    Certainty.UNDETERMINED: "yellow",
}


def print_report(answer: Answer, console: Console) -> None:
    """Print an answer: what fits, why, what to mind and what to do next.

    Nothing is said twice, and codes stay out: they are for programs.
    """
    _Report(answer, console).print()


class _Report:
    def __init__(self, answer: Answer, console: Console) -> None:
        self._answer = answer
        self._console = console
        self._width = min(console.width, _WIDEST)
        self._said: set[str] = set()

    def print(self) -> None:
        answer = self._answer
        held = answer.assessment_of(answer.path)
        self._title()
        self._points("Why", self._reasons(held), "green", "+")
        self._points("In your favour", self._found(FindingKind.EVIDENCE), "green", "+")
        self._points("Getting in", self._found(FindingKind.GATE), "cyan", "•")
        self._points("Does not add up", self._found(FindingKind.CONTRADICTION), "red", "!")
        self._points("Watch out", self._hazards(held), "yellow", "!")
        self._points("Missing", self._found(FindingKind.MISSING), "magenta", "?")
        self._questions()
        self._points("Next steps", self._found(FindingKind.NEXT_STEP), "cyan", "→")
        self._points("Good to know", self._notes(), "blue", "•")
        self._paths()
        self._others()
        self._seat()
        self._pay()
        self._footer()

    # What to say, each sentence once.

    def _once(self, messages: Iterable[str]) -> list[str]:
        fresh = []
        for message in messages:
            sentence = _printable(message)
            if sentence and _key(sentence) not in self._said:
                self._said.add(_key(sentence))
                fresh.append(sentence)
        return fresh

    def _unsaid(self, reasons: Iterable[Reason]) -> list[str]:
        """Keep what no earlier section said; several paths may share a reason."""
        sentences = (_printable(reason.message) for reason in reasons)
        return [each for each in sentences if each and _key(each) not in self._said]

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
        self._line(title)
        for sentence in self._once([answer.headline]):
            self._line(Text(sentence))

    def _points(self, heading: str, messages: Iterable[str], style: str, mark: str) -> None:
        sentences = self._once(messages)
        if not sentences:
            return
        self._heading(heading)
        for sentence in sentences:
            self._point(Text(mark, style=style), Text(sentence))

    def _questions(self) -> None:
        asked = self._answer.next_questions[:_MOST_QUESTIONS]
        fresh = [each for each in asked if self._once([each.question])]
        if not fresh:
            return
        self._heading("Questions that would settle more")
        for number, question in enumerate(fresh, start=1):
            text = Text(_printable(question.question))
            text.append(f"\n{_how_to_answer(question)}", style="dim")
            self._point(Text(f"{number}", style="magenta"), text)

    def _paths(self) -> None:
        if not self._answer.assessments:
            return
        self._heading("The five paths")
        table = _grid(box.SIMPLE_HEAD)
        for column in ("Path", "Fit", "Open now"):
            table.add_column(column, header_style="dim")
        for held in self._answer.assessments:
            chosen = held.path is self._answer.path
            table.add_row(
                Text(PATHS[held.path], style="bold" if chosen else ""),
                FITS.get(held.fit, NOT_KNOWN),
                OPEN_NOW.get(held.open_now, NOT_KNOWN),
            )
        self._line(table)

    def _others(self) -> None:
        rows: dict[str, list[str]] = {}  # paths by what speaks against them
        given: set[str] = set()
        for held in self._answer.assessments:
            if held.path is not self._answer.path:
                against = self._unsaid(held.why_not)
                # A reason that another path has too is left to that one, if others remain.
                own = [each for each in against if each not in given] or against
                given.update(own[:_MOST_WHY_NOT])
                rows.setdefault(" ".join(own[:_MOST_WHY_NOT]), []).append(PATHS[held.path])
        rows.pop("", None)
        if not rows:
            return
        self._heading("Why not the others")
        table = _grid()
        table.add_column(style="dim", max_width=20)
        table.add_column(ratio=1)
        for text, names in rows.items():
            table.add_row(listed(names, "and"), Text(text))
        self._line(table)

    def _pay(self) -> None:
        panel = self._answer.compensation
        if panel is None:
            return
        sentences = self._once([panel.message])
        if not sentences and not panel.bands:
            return
        self._heading("Pay")
        if panel.bands:
            table = _grid()
            for band in panel.bands:
                level = LEVELS.get(band.level, "")
                table.add_row(PATHS[band.path], Text(level, style="dim"), pay_range(band))
            self._line(table)
        for sentence in sentences:
            self._line(Text(sentence, style="dim" if panel.bands else ""))

    def _seat(self) -> None:
        sentences = self._once([self._answer.seat.message])
        if sentences:
            style = {Ternary.YES: "green", Ternary.NO: "yellow"}.get(
                self._answer.seat.available, ""
            )
            self._heading("Seat at the employer aimed at")
            self._line(Text(sentences[0], style=style))

    def _footer(self) -> None:
        ruleset = self._answer.ruleset
        digest = ruleset.digest.rpartition(":")[2][:_DIGEST_SHOWN]
        named = " · ".join(filter(None, (f"{ruleset.name} {ruleset.version}".strip(), digest)))
        self._console.print()
        for name, value in (("Rules", named), ("Decision", self._answer.decision_id)):
            if value:
                line = Text(f"{name:8}  {_printable(value)}", style="dim")
                self._console.print(line, width=self._width)

    def _heading(self, words: str) -> None:
        self._console.print()
        self._console.print(Text(words, style="bold"))

    def _point(self, mark: Text, text: Text) -> None:
        table = _grid()
        table.add_column(width=1)
        table.add_column(ratio=1)
        table.add_row(mark, text)
        self._line(table)

    def _line(self, content: Text | Table) -> None:
        self._console.print(
            Padding(content, (0, 0, 0, _INDENT), expand=False), width=self._width
        )


def _how_to_answer(question: NextQuestion) -> str:
    """Say what to write into the profile, and where that could lead."""
    field = _printable(question.field)
    options = [_printable(option) for option in question.options]
    how = f"{field}: {listed(options)}" if options else field
    paths = [PATHS[path] for path in question.could_lead_to if path is not Path.UNDETERMINED]
    return f"{how} (could lead to {listed(paths)})" if paths else how


def _grid(edge: box.Box | None = None) -> Table:
    return Table(
        box=edge,
        show_header=edge is not None,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _key(sentence: str) -> str:
    """Make what two sentences have in common that say the same."""
    return sentence.casefold().rstrip(" .!")


def _printable(text: str) -> str:
    """Keep text from a server from steering the terminal."""
    return "".join(char if char.isprintable() else " " for char in text).strip()
