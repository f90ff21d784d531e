"""How far each number of a profile is from changing the path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
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
    """Finds margins over one rule set."""

    def __init__(self, vocabulary: Vocabulary, space: DecisionSpace):
        self._vocabulary = vocabulary
        self._space = space
        # In the order to ask.
        numbers = [i for i, c in enumerate(space.cells) if isinstance(c, NumberCells)]
        self._levels = sorted(numbers, key=space.ask_rank.__getitem__)

    def turns(self, position: Position) -> list[Turns]:
        """Where the numbers given at a position turn the path, in the order to ask."""
        found = []
        for level in self._levels:
            own = position[level]
            if own == ABSENT:
                continue
            below = self._turn(position, level, range(own - 1, ABSENT, -1))
            above = self._turn(
                position, level, range(own + 1, len(self._space.cells[level]) + 1)
            )
            if below or above:
                found.append(Turns(self._space.fields[level], level, below, above))
        return found

    def margin(self, turns: Turns, value: float) -> Margin:
        """How far one value of the number is from there."""
        cells = self._space.cells[turns.level]
        assert isinstance(cells, NumberCells)
        below, above = (_flip(turn, cells, value) for turn in (turns.below, turns.above))
        return Margin(turns.field, value, below, above)

    def _turn(self, position: Position, level: int, values: Iterable[int]) -> _Turn | None:
        """The first of a variable's values with another path, with those like it behind it."""
        here = there = self._space.path_at(position)
        like: list[int] = []
        for value in values:
            path = self._space.path_at((*position[:level], value, *position[level + 1 :]))
            if there == here:
                there = path
            elif path != there:
                break
            if there != here:
                like.append(value - 1)
        if not like:
            return None
        words = self._space.cells[level].words(like, self._vocabulary)
        return _Turn(words, like[0], there)


def _flip(turn: _Turn | None, cells: NumberCells, value: float) -> Flip | None:
    if turn is None:
        return None
    return Flip(turn.at, cells.distance(turn.cell, value), turn.path)
