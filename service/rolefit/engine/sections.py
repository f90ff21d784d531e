"""The decision space in sections that meet in few ways.

A walk through the path's diagram leaves each section of the profile at one of a few nodes,
so all that matters of a section's many values is its behaviour: at which node it is left, for
each node at which it can be entered. A path is then a chain of behaviours, and a question
about all values of all fields splits into one for each section, whose answers are remembered
by the few values of that section alone.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rolefit.engine.decision_diagram import Diagrams, Ref, leaf
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS

# The values of a section's variables.
Values = tuple[int, ...]
# For each behaviour of a section the path that it leads to, all else given.
Ends = tuple[int, ...]


class Effect(NamedTuple):
    """What a section's values come to.

    Attributes:
        behaviour: Its number.
        disputes: The contradictions among them, as bits.
    """

    behaviour: int
    disputes: int


class Standing:
    """The values of a section, for whatever rests on them to be remembered by.

    As long as they are remembered, equal values are the same object.

    Attributes:
        number: The section, by its place in the chain.
        values: Those of its variables.
        behaviour: What they come to.
        disputes: The contradictions among them, as bits.
    """

    __slots__ = ("behaviour", "disputes", "number", "values")

    def __init__(self, number: int, values: Values, effect: Effect):
        self.number = number
        self.values = values
        self.behaviour, self.disputes = effect


# One for each section.
Standings = tuple[Standing, ...]
Behaviours = tuple[int, ...]


class Section:
    """Consecutive variables.

    Args:
        number: Its place in the chain.
        diagrams: Holds the functions.
        levels: The variables, from the first to before the last.
        entries: Nodes at which the section can be entered.
        exits: Nodes at which it can be left.
        disputes: Contradictions among its variables, as bits.
        capacity: Most combinations of values remembered.

    Attributes:
        levels: The variables.
        exits: By behaviour: for each entry the exit, both by their place.
        ref: A function of them, whose number stands for an effect.
        effects: Those, by number.
    """

    def __init__(
        self,
        number: int,
        diagrams: Diagrams,
        levels: range,
        entries: Sequence[Ref],
        exits: Sequence[Ref],
        disputes: Ref,
        capacity: int,
    ):
        self._number = number
        self._diagrams = diagrams
        self.levels = levels
        place = {ref: number for number, ref in enumerate(exits)}
        self.exits: list[tuple[int, ...]] = [()]
        self.ref = leaf(0)
        for entry in entries:
            self.ref = self._extended(self.ref, self._until(entry, place))
        self.effects: list[Effect] = []
        self.ref = self._with_disputes(self.ref, disputes)
        self._standings: Memory[Values, Standing] = Memory("standings", capacity)

    def standing(self, values: Values) -> Standing:
        """The values of the variables, and what they come to."""
        return self._standings.get(values) or self._standings.add(
            values, Standing(self._number, values, self.effect(values))
        )

    def effect(self, values: Sequence[int]) -> Effect:
        """What values of the variables come to."""
        ref, first = self.ref, self.levels.start
        levels, children = self._diagrams.levels, self._diagrams.children
        while ref >= 0:
            ref = children[ref][values[levels[ref] - first]]
        return self.effects[-1 - ref]

    def _until(self, entry: Ref, place: dict[Ref, int]) -> Ref:
        """The place of the exit that is reached from an entry."""

        @functools.cache
        def go(ref: Ref) -> Ref:
            if ref in place:
                return leaf(place[ref])
            children = self._diagrams.children[ref]
            return self._diagrams.node(
                self._diagrams.levels[ref], tuple(go(child) for child in children)
            )

        return go(entry)

    def _extended(self, behaviour: Ref, exit_: Ref) -> Ref:
        """Behaviours, and what one more entry comes to."""
        numbers: dict[tuple[int, int], int] = {}
        extended: list[tuple[int, ...]] = []

        def number(a: int, b: int) -> int:
            if (a, b) not in numbers:
                numbers[a, b] = len(extended)
                extended.append((*self.exits[a], b))
            return numbers[a, b]

        ref = self._diagrams.combine(number, behaviour, exit_)
        self.exits = extended
        return ref

    def _with_disputes(self, behaviour: Ref, disputes: Ref) -> Ref:
        numbers: dict[tuple[int, int], int] = {}

        def number(a: int, b: int) -> int:
            if (a, b) not in numbers:
                numbers[a, b] = len(self.effects)
                self.effects.append(Effect(a, b))
            return numbers[a, b]

        return self._diagrams.combine(number, behaviour, disputes)


class Chain:
    """All sections, in the order of the variables.

    Args:
        diagrams: Holds the functions.
        path: The path, by its place in ALL_PATHS.
        fields: The variables.
        disputes: Where facts disagree, one function for each contradiction.
        capacity: Most entries of a memory.

    Raises:
        DiagramSizeError: The functions need too many nodes.
    """

    def __init__(
        self,
        diagrams: Diagrams,
        path: Ref,
        fields: Sequence[str],
        disputes: Sequence[Ref],
        capacity: int,
    ):
        self._diagrams = diagrams
        bounds = _bounds(diagrams, fields, disputes)
        cuts: list[list[Ref]] = [[path]]
        for level in bounds[1:-1]:
            cuts.append(_cut(diagrams, cuts[-1], level))
        cuts.append([leaf(number) for number in range(len(ALL_PATHS))])
        self.sections = tuple(
            Section(
                i,
                diagrams,
                range(bounds[i], bounds[i + 1]),
                cuts[i],
                cuts[i + 1],
                self._bits(disputes, range(bounds[i], bounds[i + 1])),
                capacity,
            )
            for i in range(len(bounds) - 1)
        )
        self._ends: Memory[Behaviours, tuple[Ends, ...]] = Memory("ends", capacity)

    def _bits(self, disputes: Sequence[Ref], levels: range) -> Ref:
        """The contradictions among some variables, as bits."""
        bits = leaf(0)
        for number, ref in enumerate(disputes):
            if self._diagrams.level_of(ref) in levels:
                bit = functools.partial(operator.mul, 1 << number)
                shifted = self._diagrams.convert(bit, ref)
                bits = self._diagrams.combine(operator.or_, bits, shifted)
        return bits

    def standings(self, position: Sequence[int]) -> Standings:
        """The values of every section at a position, and what they come to."""
        return tuple(
            [
                each.standing(tuple(position[each.levels.start : each.levels.stop]))
                for each in self.sections
            ]
        )

    def end(self, behaviours: Iterable[int], section: int = 0, entry: int = 0) -> int:
        """The path, by number, to which behaviours lead from an entry of a section on."""
        for each, behaviour in zip(self.sections[section:], behaviours, strict=True):
            entry = each.exits[behaviour][entry]
        return entry

    def ends(self, behaviours: Behaviours) -> tuple[Ends, ...]:
        """For each section, to which path each of its behaviours leads.

        Args:
            behaviours: Those of all sections; a section's own makes no difference to it.
        """
        known = self._ends.get(behaviours)
        if known is None:
            found = []
            entry = 0
            for number, section in enumerate(self.sections):
                after = behaviours[number + 1 :]
                exits = [exits[entry] for exits in section.exits]
                found.append(tuple([self.end(after, number + 1, exit_) for exit_ in exits]))
                entry = section.exits[behaviours[number]][entry]
            known = self._ends.add(behaviours, tuple(found))
        return known


def _cut(diagrams: Diagrams, refs: Iterable[Ref], level: int) -> list[Ref]:
    """The nodes from a variable on that functions lead to, in the order first reached."""
    found: dict[Ref, None] = {}
    seen: set[Ref] = set()
    pending = list(refs)
    while pending:
        ref = pending.pop()
        if diagrams.level_of(ref) >= level:
            found[ref] = None
        elif ref not in seen:
            seen.add(ref)
            pending += diagrams.children[ref]
    return list(found)


def _bounds(diagrams: Diagrams, fields: Sequence[str], disputes: Sequence[Ref]) -> list[int]:
    """The first variable of each section, and the number of variables.

    A contradiction lies within one section: those that it spans count as one.
    """
    count = len(fields)
    names = [field.split(".")[0] for field in fields]
    bounds = {level for level in range(1, count) if names[level] != names[level - 1]}
    for ref in disputes:
        if levels := diagrams.tested(ref):
            bounds -= set(range(min(levels) + 1, max(levels) + 1))
    return [0, *sorted(bounds), count]
