"""How far each number of a profile is from changing the path."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS
from rolefit.engine.sections import Behaviours, Values
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


@dataclass(frozen=True)
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
        # There are no more than ranges of cells.
        self._words = functools.cache(self._write_words)
        self._memory: Memory[tuple[object, ...], list[Turns]] = Memory("turns", capacity)

    def turns(self, position: Position) -> list[Turns]:
        """Where the numbers given at a position turn the path, in the order to ask."""
        chain = self._space.chain
        values, behaviours = chain.standing(position)
        found: list[Turns] = []
        for number, entry in enumerate(chain.entries(behaviours)):
            key = number, entry, values[number], behaviours[number:]
            known = self._memory.known.get(key)
            found += known if known is not None else self._learn(*key)
        return sorted(found, key=lambda turns: self._space.ask_rank[turns.level])

    def _learn(
        self, number: int, entry: int, values: Values, behaviours: Behaviours
    ) -> list[Turns]:
        """The turns of the numbers of one section.

        Args:
            number: The section.
            entry: Where it is entered.
            values: What its variables have.
            behaviours: Its own, and those of the sections behind it.
        """
        chain = self._space.chain
        section = chain.sections[number]
        first, here = section.levels.start, chain.end(number, entry, behaviours)

        def path(level: int, value: int) -> int:
            """The path with another value of one variable."""
            tried = (*values[: level - first], value, *values[level - first + 1 :])
            behaviour = section.standing(tried).behaviour
            return chain.end(number, entry, (behaviour, *behaviours[1:]))

        found = []
        for level in self._numbers[number]:
            own, size = values[level - first], self._space.diagrams.sizes[level]
            if own == ABSENT:
                continue
            below, above = (
                self._turn(here, level, [(value, path(level, value)) for value in way])
                for way in (range(own - 1, ABSENT, -1), range(own + 1, size))
            )
            if below or above:
                found.append(Turns(self._space.fields[level], level, below, above))
        return self._memory.add((number, entry, values, behaviours), found)

    def margin(self, turns: Turns, value: float) -> Margin:
        """How far one value of the number is from there."""
        cells = self._space.cells[turns.level]
        assert isinstance(cells, NumberCells)
        below, above = (_flip(turn, cells, value) for turn in (turns.below, turns.above))
        return Margin(turns.field, value, below, above)

    def _turn(self, here: int, level: int, paths: Iterable[tuple[int, int]]) -> _Turn | None:
        """The first of a variable's values with another path, with those like it behind it."""
        there = here
        like: list[int] = []
        for value, path in paths:
            if there == here:
                there = path
            elif path != there:
                break
            if there != here:
                like.append(value - 1)
        if not like:
            return None
        return _Turn(self._words(level, tuple(like)), like[0], ALL_PATHS[there])

    def _write_words(self, level: int, like: Values) -> str:
        return self._space.cells[level].words(like, self._vocabulary)


def _flip(turn: _Turn | None, cells: NumberCells, value: float) -> Flip | None:
    if turn is None:
        return None
    return Flip(turn.at, cells.distance(turn.cell, value), turn.path)
