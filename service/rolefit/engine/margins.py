"""How far each number of a profile is from changing the path."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Vocabulary

# Positions whose turns are remembered.
_REMEMBERED = 4096


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


class FlipFinder:
    """Finds margins over one rule set; remembers the positions seen last."""

    def __init__(self, vocabulary: Vocabulary, space: DecisionSpace):
        self._vocabulary = vocabulary
        self._space = space
        self._turns = functools.lru_cache(maxsize=_REMEMBERED)(self._find_turns)

    def margins(self, position: Position, facts: Facts) -> list[Margin]:
        """The margins of the numbers given, in the order to ask; without those that never flip.

        Args:
            position: Where the facts are in the decision space.
            facts: Those of a profile.
        """
        found = []
        for field, cells, below, above in self._turns(position):
            value = facts[field]
            assert isinstance(value, int | float)
            flips = (_flip(turn, cells, value) for turn in (below, above))
            found.append(Margin(field, value, *flips))
        return found

    def _find_turns(
        self, position: Position
    ) -> tuple[tuple[str, NumberCells, _Turn | None, _Turn | None], ...]:
        found = []
        for level, (field, cells) in enumerate(
            zip(self._space.fields, self._space.cells, strict=True)
        ):
            own = position[level]
            if own == ABSENT or not isinstance(cells, NumberCells):
                continue
            below = self._turn(position, level, range(own - 1, ABSENT, -1))
            above = self._turn(position, level, range(own + 1, len(cells) + 1))
            if below or above:
                found.append((field, cells, below, above))
        return tuple(found)

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
