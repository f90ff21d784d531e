"""What groups of rules came to before, by what they read.

While one profile is answered, everything that rules may read has a slot: cells of fields,
then what is known of signals, then the answer. A group looks at the slots that it reads; what
is in them is its key.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from rolefit.engine.compilation import Group
from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH
from rolefit.engine.explanation import Evidence
from rolefit.engine.memory import Memory
from rolefit.engine.observation import Cell, Observations, facts_of
from rolefit.engine.outcome import Derivation, Fired, Sessions, fire, signal_property
from rolefit.engine.parts import Part
from rolefit.engine.places import Said
from rolefit.engine.projection import Properties

T = TypeVar("T")
_OF_ANSWER = (ANSWER_PATH, ANSWER_CERTAINTY)
Slots = list[Any]
Key = Any


class State:
    """What a signal is known by: its value, and what that rests on.

    Attributes:
        value: YES, NO or UNKNOWN.
        evidence: What it rests on.
        obstacle: Why a path is none that needs another value.
    """

    __slots__ = ("evidence", "obstacle", "value")

    def __init__(self, value: str, evidence: Evidence, obstacle: Part[Said]):
        self.value = value
        self.evidence = evidence
        self.obstacle = obstacle


class Layout:
    """Which slot holds what.

    Args:
        fields: The fields, in the order of observations.
        signals: The signals, in the order derived.

    Attributes:
        states: Slots by subject; a signal's holds its State.
        values: The same, but a signal's holds its value alone.
        blank: What follows the fields before anything is derived.
        answer: The slot of the path concluded; its certainty follows.
    """

    def __init__(self, fields: Sequence[str], signals: Sequence[str]):
        of_fields = {field: slot for slot, field in enumerate(fields)}
        first, count = len(fields), len(signals)
        self.answer = first + 2 * count
        of_answer = {ANSWER_PATH: self.answer, ANSWER_CERTAINTY: self.answer + 1}
        of_states = {signal: first + i for i, signal in enumerate(signals)}
        of_values = {signal: first + count + i for i, signal in enumerate(signals)}
        self.states = {**of_fields, **of_states, **of_answer}
        self.values = {**of_fields, **of_values, **of_answer}
        self.blank: Slots = [None] * (2 * count + 2)

    def state(self, slots: Slots, signal: str) -> State:
        """What is known of a signal."""
        state: State = slots[self.states[signal]]
        return state

    def of_states(self, signals: Sequence[str]) -> slice:
        """Where the states of signals stand that are derived one after another."""
        return slice(self.states[signals[0]], self.states[signals[-1]] + 1)

    def of_values(self, signals: Sequence[str]) -> slice:
        """Where their values stand."""
        return slice(self.values[signals[0]], self.values[signals[-1]] + 1)


def key_of(slots: Iterable[int]) -> Callable[[Slots], Key]:
    """A function that takes a key from the slots."""
    places = tuple(slots)
    return operator.itemgetter(*places) if places else lambda _: ()


class Recall(Generic[T]):
    """A group with a memory of what it came to.

    Attributes:
        group: The group.
        key: Takes its key from the slots.
        memory: What it came to, by key.
    """

    def __init__(
        self, group: Group, slot_of: dict[str, int], sessions: Sessions, capacity: int
    ):
        self.group = group
        self.key = key_of(slot_of[subject] for subject in group.reads)
        self.memory: Memory[Key, T] = Memory(group.name, capacity)
        self._fired: Memory[tuple[Cell | str, ...], Fired] = Memory(group.name, capacity)
        self._sessions = sessions

    def fire(self, key: Key, answer: Properties) -> Fired:
        """What fires over what the group reads.

        It is the same whatever signals of the same values rest on.

        Args:
            key: From the slots.
            answer: What the rules engine sees of the answer, if there is one yet.

        Raises:
            InferenceError: The rules engine failed.
        """
        things = (key,) if len(self.group.reads) == 1 else key
        seen = tuple([each.value if isinstance(each, State) else each for each in things])
        known = self._fired.get(seen)
        if known is not None:
            return known
        properties = dict(answer)
        for subject, thing in zip(self.group.reads, seen, strict=True):
            if isinstance(thing, Cell):
                properties.update(thing.properties)
            elif subject not in _OF_ANSWER:
                properties.update(signal_property(subject, thing))
        return self._fired.add(seen, fire(self.group, self._sessions, properties))


class Passed(Protocol):
    """What a group came to."""

    @property
    def fired(self) -> Fired:
        """Its rules that fired."""


class Progress:
    """What was derived of one profile so far, put together only where something is new.

    Attributes:
        passed: What the groups came to so far, in order.
    """

    __slots__ = ("_added", "_derivation", "_observations", "passed")

    def __init__(self, observations: Observations):
        self._observations = observations
        self._derivation: Derivation | None = None
        self._added = 0
        self.passed: list[Passed] = []

    def derivation(self, fired: Fired | None = None) -> Derivation:
        """All that groups came to so far, and one more."""
        if self._derivation is None:
            self._derivation = Derivation(facts_of(self._observations), {}, {}, {})
        for each in self.passed[self._added :]:
            self._derivation.add(each.fired)
        self._added = len(self.passed)
        if fired is not None:
            self._derivation.add(fired)
        return self._derivation
