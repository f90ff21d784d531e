"""An interview: asks what the server wants to know next until the path is certain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from rolefit.client.answer import Answer, NextQuestion
from rolefit.client.errors import InvalidProfile
from rolefit.client.page import printable
from rolefit.client.profile_field import FieldValue, ProfileField, find_field
from rolefit.client.typed_answer import MisreadError, TypedAnswer
from rolefit.client.vocabulary import Certainty, Path
from rolefit.client.wording import ESSENTIAL, PATHS, listed
from rolefit.v1.profile_pb2 import CandidateProfile

INTRODUCTION = (
    'Answer each question. Nothing or "?" means that you do not know, "back" undoes the '
    'last answer, "quit" stops.'
)
_LEFT_OPEN = "Left open; without it the path cannot become certain."
_PROMPT = "> "


class Terminal(Protocol):
    """Where the person is."""

    def say(self, text: str) -> None:
        """Show a line."""

    def read(self, prompt: str) -> str | None:
        """Read a line; None once there is no more."""


class Ending(Enum):
    """Why an interview ended."""

    CERTAIN = "certain"
    """Nothing that is still unknown can change the path."""
    NOTHING_LEFT = "nothing left"
    """The server has no question left that the person did not leave open."""
    QUIT = "quit"
    """The person stopped."""


@dataclass(frozen=True, slots=True)
class Interviewed:
    """What an interview brought."""

    profile: CandidateProfile
    """The profile it began with and what was answered."""
    answer: Answer
    """The server's answer to that profile."""
    asked: int
    """Questions that were answered or left open."""
    left_open: int
    """Those of them that the person could not answer."""
    ending: Ending
    """Why it ended."""


class _Command(Enum):
    BACK = "back"
    QUIT = "quit"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class _Standing:
    """How things stand between two questions."""

    profile: CandidateProfile
    answer: Answer
    left_open: frozenset[str]


class Interview:
    """Asks a person the server's questions, one at a time."""

    def __init__(
        self, recommend: Callable[[CandidateProfile], Answer], terminal: Terminal
    ) -> None:
        """Note whom to ask.

        Args:
            recommend: Asks the server about a profile.
            terminal: Where the person is.

        """
        self._recommend = recommend
        self._terminal = terminal
        self._standings: list[_Standing] = []
        self._under_way: CandidateProfile | None = None

    @property
    def answered(self) -> CandidateProfile | None:
        """The profile with all answers so far; None before the first one.

        The last one may be one that the server was lost over.
        """
        if self._under_way is not None:
            return self._under_way
        return self._standings[-1].profile if len(self._standings) > 1 else None

    def run(self, profile: CandidateProfile) -> Interviewed:
        """Ask until the path is certain, no question is left, or the person stops.

        Args:
            profile: What is known already. It is not changed.

        Raises:
            RolefitError: The server gives no answer; `answered` has what was said.

        """
        self._standings = [_Standing(profile, self._recommend(profile), frozenset())]
        introduced = False
        while True:
            standing = self._standings[-1]
            if standing.answer.certainty is Certainty.CERTAIN:
                return self._end(Ending.CERTAIN)
            found = _next(standing)
            if found is None:
                return self._end(Ending.NOTHING_LEFT)
            if not introduced:
                self._terminal.say(INTRODUCTION)
                introduced = True
            question, field = found
            heard = self._put(question, field)
            if heard is _Command.QUIT:
                return self._end(Ending.QUIT)
            if heard is _Command.BACK:
                self._undo()
            elif isinstance(heard, _Command):
                if question.essential:
                    self._terminal.say(f"   {_LEFT_OPEN}")
                open_now = standing.left_open | {field.path}
                self._standings.append(_Standing(standing.profile, standing.answer, open_now))
            else:
                self._note(standing, field, heard)

    def _put(self, question: NextQuestion, field: ProfileField) -> FieldValue | _Command:
        """Put a question until it is answered."""
        typed = TypedAnswer(field, question.options)
        hint = f"{typed.hint()}; {ESSENTIAL}" if question.essential else typed.hint()
        self._terminal.say("")
        self._terminal.say(f"{len(self._standings)}. {printable(question.question)}")
        for place, words in enumerate(typed.options, start=1):
            self._terminal.say(f"   {place:>{len(str(len(typed.options)))}}  {words}")
        while True:
            line = self._terminal.read(f"   ({hint}) {_PROMPT}")
            text = "quit" if line is None else line.strip()
            if text.casefold() in ("", "?"):
                return _Command.UNKNOWN
            if text.casefold() in ("back", "quit"):
                return _Command(text.casefold())
            try:
                return typed.read(text)
            except MisreadError as misread:
                self._terminal.say(f"   {misread}")

    def _note(self, standing: _Standing, field: ProfileField, value: FieldValue) -> None:
        """Take an answer to the server and say how it narrows things down."""
        profile = self._under_way = field.put(standing.profile, value)
        try:
            answer = self._recommend(profile)
        except InvalidProfile as refused:
            # A server with other limits than this client knows: the question stays.
            self._under_way = None
            for violation in refused.violations:
                self._terminal.say(f"   The server refuses that: {violation.description}.")
            return
        self._under_way = None
        self._standings.append(_Standing(profile, answer, standing.left_open))
        self._terminal.say(f"   {narrowing(answer)}")

    def _undo(self) -> None:
        if len(self._standings) == 1:
            self._terminal.say("   There is nothing to undo.")
            return
        self._standings.pop()
        self._terminal.say("   The last answer is undone.")

    def _end(self, ending: Ending) -> Interviewed:
        standing = self._standings[-1]
        return Interviewed(
            profile=standing.profile,
            answer=standing.answer,
            asked=len(self._standings) - 1,
            left_open=len(standing.left_open),
            ending=ending,
        )


def narrowing(answer: Answer) -> str:
    """Say in one line which paths are left."""
    if answer.certainty is Certainty.CERTAIN:
        return f"That settles it: {PATHS[answer.path]}."
    clear = [path for path in answer.possible_paths if path is not Path.UNDETERMINED]
    names = [PATHS[path] for path in clear]
    if len(clear) < len(answer.possible_paths):
        names.append("no clear path")
    leaning = "nowhere yet" if answer.path is Path.UNDETERMINED else PATHS[answer.path]
    return f"Still possible: {listed(names)}; leaning: {leaning}."


def _next(standing: _Standing) -> tuple[NextQuestion, ProfileField] | None:
    """Choose the first question that is worth putting."""
    for question in standing.answer.next_questions:
        # A newer server may ask for a field that this client has no place for.
        field = find_field(question.field)
        if field is not None and field.path not in standing.left_open:
            return question, field
    return None
