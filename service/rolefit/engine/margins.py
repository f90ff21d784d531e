"""How far each number of a profile is from changing the path."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS
from rolefit.engine.sections import Ends, Standing, Standings
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


# The variable of a number, its value, and the behaviour of its section at each value.
_Number = tuple[int, int, tuple[int, ...]]


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
        self._levels = [
            [level for level in section.levels if level in numbers]
            for section in space.chain.sections
        ]
        self._numbers: Memory[Standing, tuple[_Number, ...]] = Memory("numbers", capacity)
        # The turns of all numbers of a section.
        self._turns: Memory[tuple[tuple[_Number, ...], Ends], list[Turns]]
        self._turns = Memory("turns", capacity)

    def turns(self, standings: Standings, ends: Sequence[Ends]) -> list[Turns]:
        """Where the numbers given turn the path, in the order to ask.

        Args:
            standings: The profile, section by section.
            ends: For each section the path by its behaviour.
        """
        found: list[Turns] = []
        for standing, here in zip(standings, ends, strict=True):
            numbers = self._numbers.get(standing)
            if numbers is None:
                numbers = self._numbers.add(standing, tuple(self._given(standing)))
            if numbers:
                key = numbers, here
                known = self._turns.get(key)
                found += self._turns.add(key, self._learn(*key)) if known is None else known
        if len(found) > 1:
            found.sort(key=self._place)
        return found

    def _place(self, turns: Turns) -> int:
        return self._space.ask_rank[turns.level]

    def _given(self, standing: Standing) -> Iterator[_Number]:
        """The numbers that are given in one section."""
        section = self._space.chain.sections[standing.number]
        first, values = section.levels.start, standing.values
        for level in self._levels[standing.number]:
            own = values[level - first]
            if own != ABSENT:
                before, behind = values[: level - first], values[level - first + 1 :]
                behaviours = [
                    section.effect((*before, value, *behind)).behaviour
                    for value in range(self._space.diagrams.sizes[level])
                ]
                yield level, own, tuple(behaviours)

    def _learn(self, numbers: Sequence[_Number], ends: Ends) -> list[Turns]:
        """Where the numbers of one section turn the path, given the path by its behaviour."""
        found = []
        for level, own, behaviours in numbers:
            paths = [ends[behaviour] for behaviour in behaviours]
            below = self._turn(level, range(own - 1, ABSENT, -1), paths[own], paths)
            above = self._turn(level, range(own + 1, len(paths)), paths[own], paths)
            if below or above:
                found.append(Turns(self._space.fields[level], level, below, above))
        return found

    def margin(self, turns: Turns, value: float) -> Margin:
        """How far one value of the number is from there."""
        cells = self._space.cells[turns.level]
        assert isinstance(cells, NumberCells)
        below, above = (_flip(turn, cells, value) for turn in (turns.below, turns.above))
        return Margin(turns.field, value, below, above)

    def _turn(self, level: int, way: range, here: int, paths: Sequence[int]) -> _Turn | None:
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
