"""What it takes to change fields, and how changes are weighed against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.vocabulary import EFFORTS, WISH, FactValue, Vocabulary

CONVERSATION = EFFORTS[0]

# A cost is one number whose digits count the fields changed by their effort, the heaviest in
# front. The last digit, which has more room, is how many cells values move: between values of
# equal effort the nearer wins. `Efforts` makes sure that no digit overflows.
_BASE = 1 << 6
_FARTHEST = 1 << 16
_FIELD: dict[str, int] = {effort: _FARTHEST * _BASE**i for i, effort in enumerate(EFFORTS)}
_NOBODY: int = _FARTHEST * _BASE ** len(EFFORTS)
_ANY_FIELD: int = _BASE * _NOBODY
FREE = 0
# Two of it are still a machine's number.
NO_WAY = _BASE * _ANY_FIELD
_HEAVIEST = {"": -len(EFFORTS), **{effort: -i for i, effort in enumerate(EFFORTS)}}


@dataclass(frozen=True, eq=False)
class FieldStep:
    """One field of a change.

    Attributes:
        field: Its path.
        value: The new value, the nearest that does.
        needed: In words, the values around it that would do if the other steps are made.
        effort: One of EFFORTS; empty if nobody can change the field.
    """

    field: str
    value: FactValue
    needed: str
    effort: str


Steps = tuple[FieldStep, ...]


def cost_of(effort: str, distance: int) -> int:
    """The cost of one field; an empty effort is that of what nobody can change."""
    return distance + (_FIELD[effort] if effort else _NOBODY)


class Efforts:
    """The efforts of one vocabulary over the variables of a decision space.

    Raises:
        ValueError: There are too many fields or cells for costs.
    """

    def __init__(self, vocabulary: Vocabulary, space: DecisionSpace):
        if len(space.fields) >= _BASE or sum(map(len, space.cells)) >= _FARTHEST:
            raise ValueError("costs have no room for so many fields or cells")
        self._space = space
        self._changes = [vocabulary.words[field].change for field in space.fields]
        self._rank = dict(zip(space.fields, space.ask_rank, strict=True))

    def of(self, level: int, current: int, cell: int) -> str:
        """The effort of moving a field to a cell; empty if nobody can."""
        change = self._changes[level]
        if change is None:
            return ""
        # An absent wish is only told, and so is that there is nothing to show.
        told = change.effort == WISH or (change.only_up and cell == 0)
        return CONVERSATION if current == ABSENT and told else change.effort

    def bare(self, level: int, current: int, cell: int) -> str:
        """The same where no value is given, only a cell: empty also for what is not undone."""
        change, cells = self._changes[level], self._space.cells[level]
        only_up = change is not None and change.only_up and current != ABSENT
        if only_up and cells.nearest(cell, cells.sample(current - 1), only_up=True) is None:
            return ""
        return self.of(level, current, cell)

    def plain_costs(self, level: int, current: int) -> tuple[int, ...]:
        """The cost of each value where every field counts alike and any may change."""
        costs = [NO_WAY if current else FREE]
        for cell in range(len(self._space.cells[level])):
            if self._space.cells[level].nearest(cell, None) is None:
                costs.append(NO_WAY)
            else:
                effort = self.bare(level, current, cell)
                costs.append(_ANY_FIELD + cost_of(effort, abs(1 + cell - current)))
        costs[current] = FREE
        return tuple(costs)

    def ordered(self, steps: Iterable[FieldStep]) -> Steps:
        """Steps with those of most effort first, equal ones in the order to ask."""
        return tuple(sorted(steps, key=self._place))

    def _place(self, step: FieldStep) -> tuple[int, int]:
        return _HEAVIEST[step.effort], self._rank[step.field]
