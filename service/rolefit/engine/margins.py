"""How far each number of a profile is from changing the path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS
from rolefit.engine.sections import Behaviours, Ends, Values
from rolefit.engine.vocabulary import Vocabulary


@dataclass(frozen=True)
class Flip:
    """Values of a number at which the path is another one.

    Attributes:
        at: The values, in words.
        distance: From the value given to the nearest of them, in the field's unit; for a
            number with fractions it is 0 if the very next one flips.
        path: The path there.
    """

    at: str
    distance: float
    path: str


@dataclass(frozen=True)
class Margin:
    """The nearest flips of one number, everything else as it is."""

    field: str
    value: float
    below: Flip | None
    above: Flip | None


@dataclass(frozen=True)
class _Turn:
    """Where a number of one position turns the path: in words, the nearest cell, the path."""

    at: str
    cell: int
    path: str


@dataclass(frozen=True, eq=False)
class Turns:
    """Where a number of one position turns the path, going down and going up."""

    field: str
    level: int
    below: _Turn | None
    above: _Turn | None


class FlipFinder:
    """Finds margins over one rule set.

    Args:
        vocabulary: The fields.
        space: All profiles as the verdict rules see them.
        capacity: Most entries of a memory.
    """

    def __init__(self, vocabulary: Vocabulary, space: DecisionSpace, capacity: int):
        self._vocabulary = vocabulary
        self._space = space
        numbers = {i for i, c in enumerate(space.cells) if isinstance(c, NumberCells)}
        self._numbers = [
            [level for level in section.levels if level in numbers]
            for section in space.chain.sections
        ]
        # By number, its value and the path at each value; nothing where there is no turn. As
        # long as they are remembered, equal turns are the same.
        self._turns: Memory[tuple[int, int, Ends], tuple[Turns, ...]]
        self._turns = Memory("turns", capacity)
        self._memory: Memory[tuple[int, Values, Ends], list[Turns]]
        self._memory = Memory("section turns", capacity)

    def turns(self, values: Sequence[Values], behaviours: Behaviours) -> list[Turns]:
        """Where the numbers given at a position turn the path, in the order to ask.

        Args:
            values: The position, section by section.
            behaviours: What the sections come to.
        """
        chain = self._space.chain
        found: list[Turns] = []
        for number, entry in enumerate(chain.entries(behaviours)):
            if not self._numbers[number]:
                continue
            ends = chain.ends(number, entry, behaviours[number + 1 :])
            key = number, values[number], ends
            known = self._memory.get(key)
            found += self._learn(*key) if known is None else known
        return sorted(found, key=self._place)

    def _place(self, turns: Turns) -> int:
        return self._space.ask_rank[turns.level]

    def _learn(self, number: int, values: Values, ends: Ends) -> list[Turns]:
        """The turns of the numbers of one section.

        Args:
            number: The section.
            values: What its variables have.
            ends: The path by its behaviour.
        """
        section = self._space.chain.sections[number]
        first = section.levels.start

        def path(level: int, value: int) -> int:
            """The path with another value of one variable."""
            tried = (*values[: level - first], value, *values[level - first + 1 :])
            return ends[section.standing(tried).behaviour]

        found: list[Turns] = []
        for level in self._numbers[number]:
            own, size = values[level - first], self._space.diagrams.sizes[level]
            if own != ABSENT:
                paths = tuple([path(level, value) for value in range(size)])
                found += self._turns_of(level, own, paths)
        return self._memory.add((number, values, ends), found)

    def _turns_of(self, level: int, own: int, paths: Ends) -> tuple[Turns, ...]:
        """Where a number turns the path, given the path at each value of its variable."""
        key = level, own, paths
        known = self._turns.get(key)
        if known is None:
            below = self._turn(level, range(own - 1, ABSENT, -1), paths[own], paths)
            above = self._turn(level, range(own + 1, len(paths)), paths[own], paths)
            turns = Turns(self._space.fields[level], level, below, above)
            known = self._turns.add(key, (turns,) if below or above else ())
        return known

    def margin(self, turns: Turns, value: float) -> Margin:
        """How far one value of the number is from there."""
        cells = self._space.cells[turns.level]
        assert isinstance(cells, NumberCells)
        below, above = (_flip(turn, cells, value) for turn in (turns.below, turns.above))
        return Margin(turns.field, value, below, above)

    def _turn(self, level: int, way: range, here: int, paths: Ends) -> _Turn | None:
        """The first values on the way that have another path, all with the same one."""
        elsewhere = itertools.dropwhile(lambda value: paths[value] == here, way)
        first = next(elsewhere, None)
        if first is None:
            return None
        there = paths[first]
        like = [first, *itertools.takewhile(lambda value: paths[value] == there, elsewhere)]
        cells = [value - 1 for value in like]
        words = self._space.cells[level].words(cells, self._vocabulary)
        return _Turn(words, cells[0], ALL_PATHS[there])


def _flip(turn: _Turn | None, cells: NumberCells, value: float) -> Flip | None:
    if turn is None:
        return None
    return Flip(turn.at, cells.distance(turn.cell, value), turn.path)
