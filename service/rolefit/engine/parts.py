"""Parts of an answer, serialised: what one rule adds where it fired.

A part is a sentence and what it rests on. Which sentence, and which tests of which fields,
depends on what fired; beyond that it shows the values of those fields. So a part is written
once for each combination of values that it shows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from rolefit.engine.answer_parts import evidence_messages
from rolefit.engine.conditions import Test
from rolefit.engine.explanation import Evidence
from rolefit.engine.facts import Facts
from rolefit.engine.memory import Memory
from rolefit.engine.observation import Observation, Observations, facts_of
from rolefit.engine.templates import Template
from rolefit.engine.vocabulary import Vocabulary
from rolefit.engine.wire import nested, serialised, tag

T = TypeVar("T")
# There are thousands of parts, most of them shown with a few values: they share one capacity,
# as if this many had a memory of their own.
_SHARE = 4
# By part, or test, and the observations that it shows.
Written = Memory[tuple[object, Any], Any]
# Writes the message of a part, evidence left out.
Head = Callable[[Facts], Message]
# Turns what was written into what the answer is joined from.
Finish = Callable[[Message, bytes], T]


class Part(Generic[T]):
    """One part for any profile.

    Args:
        slots: Places of the fields whose values it shows, among the observations.
        write: Writes it for observations.
        written: Remembers it.

    Attributes:
        fixed: The part, if it shows no values.
        key: Takes from observations those whose values it shows.
    """

    __slots__ = ("_write", "_written", "fixed", "key")

    def __init__(
        self,
        slots: Sequence[int],
        write: Callable[[Observations], T],
        written: Written,
    ):
        self.fixed: T | None = None if slots else write([])
        self.key: Callable[[Observations], Any] = operator.itemgetter(*(slots or (0,)))
        self._written = written
        self._write = write

    def of(self, observations: Observations) -> T:
        """The part for one profile."""
        key = self, self.key(observations)
        known: T | None = self._written.get(key)
        return known or self._written.add(key, self._write(observations))


class _Shown:
    """A test as evidence in parts of one kind: serialised for each observation."""

    def __init__(self, test: Test, field: bytes, vocabulary: Vocabulary, written: Written):
        self._test = test
        self._field = field
        self._vocabulary = vocabulary
        self._written = written

    def of(self, observation: Observation) -> bytes:
        key = self, observation
        known: bytes | None = self._written.get(key)
        return known or self._written.add(key, self._write(observation))

    def _write(self, observation: Observation) -> bytes:
        facts = facts_of([observation])
        (message,) = evidence_messages([self._test], facts, self._vocabulary)
        return nested(self._field, [serialised(message)])


class PartMaker:
    """Makes parts; equal ones are the same object.

    Args:
        vocabulary: The fields.
        slots: The place of each field among the observations.
        capacity: Most parts remembered; four times as many combinations of their values.

    Attributes:
        written: What parts were for the values that they show.
    """

    def __init__(self, vocabulary: Vocabulary, slots: Mapping[str, int], capacity: int):
        self._vocabulary = vocabulary
        self._slots = slots
        self.written: Written = Memory("written", _SHARE * capacity)
        self._shown: dict[tuple[Test, bytes], _Shown] = {}
        self._parts: Memory[Any, Part[Any]] = Memory("parts", capacity)

    def part(
        self,
        name: tuple[str, ...],
        sentence: Template,
        evidence: Evidence,
        home: FieldDescriptor,
        head: Head,
        finish: Finish[T],
    ) -> Part[T]:
        """A part.

        Args:
            name: Differs for parts that differ in more than their evidence.
            sentence: What it says.
            evidence: What it rests on.
            home: The field that holds it.
            head: Writes the message.
            finish: Turns the message and its bytes, evidence included, into what is joined.
        """
        key = name, evidence
        return self._parts.get(key) or self._parts.add(
            key, self._make(sentence, evidence, home, head, finish)
        )

    def close(self) -> None:
        """Lets go of all parts."""
        self._parts.forget()
        self.written.forget()

    def sentence(
        self, sentence: Template, write: Callable[[Facts], T], and_these: Sequence[str] = ()
    ) -> Part[T]:
        """A part that shows what its sentence does, and fields beside, and rests on nothing."""
        beside = (self._slots[field] for field in and_these)
        holes = tuple(dict.fromkeys((*self._holes(sentence), *beside)))
        return Part(
            holes,
            lambda observations: write(facts_of(observations[slot] for slot in holes)),
            self.written,
        )

    def constant(self, value: T) -> Part[T]:
        """A part that is the same for all profiles."""
        return Part((), lambda _: value, self.written)

    def _holes(self, sentence: Template) -> tuple[int, ...]:
        holes = dict.fromkeys(sentence.holes())
        return tuple(self._slots[hole] for hole in holes if hole in self._slots)

    def _make(
        self,
        sentence: Template,
        evidence: Evidence,
        home: FieldDescriptor,
        head: Head,
        finish: Finish[T],
    ) -> Part[T]:
        holes = self._holes(sentence)
        shown = [(self._slots[test.subject], self._show(test, home)) for test in evidence]
        before = tag(home)
        plain = None if holes else head({})
        start = b"" if plain is None else serialised(plain)

        def write(observations: Observations) -> T:
            message, first = plain, start
            if message is None:
                message = head(facts_of(observations[slot] for slot in holes))
                first = serialised(message)
            tests = [each.of(observations[slot]) for slot, each in shown]
            return finish(message, nested(before, [first, *tests]))

        slots = dict.fromkeys([*holes, *(slot for slot, _ in shown)])
        return Part(tuple(slots), write, self.written)

    def _show(self, test: Test, home: FieldDescriptor) -> _Shown:
        assert home.message_type is not None
        key = test, tag(home.message_type.fields_by_name["evidence"])
        if key not in self._shown:
            self._shown[key] = _Shown(*key, self._vocabulary, self.written)
        return self._shown[key]
