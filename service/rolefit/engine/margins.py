"""How far each number of a profile is from changing the path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rolefit.engine.cells import NumberCells
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.facts import Facts
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


def margins(space: DecisionSpace, facts: Facts, vocabulary: Vocabulary) -> Iterator[Margin]:
    """The margins of the numbers given, in the order to ask; none for those that never flip."""
    position = space.locate(facts)
    for level, (field, cells) in enumerate(zip(space.fields, space.cells, strict=True)):
        if position[level] == ABSENT or not isinstance(cells, NumberCells):
            continue
        value = facts[field]
        assert isinstance(value, int | float)
        number = _Number(space, position, level, cells, vocabulary, value)
        below = number.flip(range(position[level] - 1, ABSENT, -1))
        above = number.flip(range(position[level] + 1, len(cells) + 1))
        if below or above:
            yield Margin(field, value, below, above)


@dataclass(frozen=True)
class _Number:
    space: DecisionSpace
    position: Position
    level: int
    cells: NumberCells
    vocabulary: Vocabulary
    value: float

    def flip(self, values: Iterable[int]) -> Flip | None:
        """The first of the variable's values with another path, with those like it."""
        here = self._path(self.position[self.level])
        there, like = here, []
        for value in values:
            path = self._path(value)
            if there == here:
                there = path
            elif path != there:
                break
            if there != here:
                like.append(value - 1)
        if not like:
            return None
        words = self.cells.words(like, self.vocabulary)
        return Flip(words, self.cells.distance(like[0], self.value), there)

    def _path(self, value: int) -> str:
        moved = (*self.position[: self.level], value, *self.position[self.level + 1 :])
        return self.space.path_at(moved)
