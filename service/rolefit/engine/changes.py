"""The smallest changes of a profile that lead to a path.

A profile is a position in the decision space; changing fields moves it. The search walks
the decision diagram from the root: at every variable it stays with the value given, which
costs nothing, or takes another one, at a cost. What is left to pay below a node is computed
first, from the leaves up, so that the walk never strays. It finds the cheapest way first,
then the next that is not just a larger version of one found, and if there is none it has
proven that there is none.
"""

from __future__ import annotations

import heapq
import itertools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, OPEN_YES, DecisionSpace, Position
from rolefit.engine.efforts import FREE, NO_WAY, Efforts, FieldStep, Steps, cost_of
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import ALL_PATHS, Ruleset
from rolefit.engine.vocabulary import EFFORTS, WISH

# Steps of one search before it is given up: a tenth of a second or two. One for a path takes
# some hundred; one for all that opens a bridge to somebody of whom little is known, thousands.
MAX_STEPS = 40_000


@dataclass(frozen=True)
class Limits:
    """Which changes are looked for.

    Attributes:
        max_fields: Most fields of one change; None for any number.
        max_effort: The largest effort for one field, one of EFFORTS.
        keep: Fields that stay as they are.
        wishes_may_change: Wishes and tastes that were given may change too.
    """

    max_fields: int | None = None
    max_effort: str = EFFORTS[-1]
    keep: frozenset[str] = frozenset()
    wishes_may_change: bool = False


# For every variable the cost of each of its values, and the value it has.
_Costs = list[list[int]]
# Variables at other values than the position's.
_Chosen = tuple[tuple[int, int], ...]
# Whether the paths or openness and the contradictions at two leaves are what is wanted.
_Wanted = Callable[[int, int], bool]


class SearchGivenUpError(Exception):
    """A search ended before it could prove anything."""


class ChangeFinder:
    """Finds changes over one rule set."""

    def __init__(self, ruleset: Ruleset, space: DecisionSpace):
        self._vocabulary = ruleset.vocabulary
        self._space = space
        self._efforts = Efforts(ruleset.vocabulary, space)
        self._changes = [ruleset.vocabulary.words[field].change for field in space.fields]

    def find(self, facts: Facts, path: str, to_open: bool, limits: Limits) -> Iterator[Steps]:
        """Smallest changes that make a path the recommendation, or open it; cheapest first.

        No part of one would do, and none makes facts disagree that did not before, as far as
        paths rest on those facts.

        Raises:
            SearchGivenUpError: Too many steps, or a text that no rule names might do; what
                came before it stands.
        """
        position = self._space.locate(facts)
        costs = [self._costs(level, facts, limits) for level in range(len(position))]
        root = self._space.open_now[path] if to_open else self._space.path
        wanted = self._is_open(position) if to_open else self._is(path, position)
        search = _Search(self._space, root, position, costs, wanted)
        for found in search.cheapest(limits.max_fields):
            yield self._steps(search, position, facts, found)
        if any(self._might_do(level, limits) for level in range(len(position))):
            raise SearchGivenUpError

    def _might_do(self, level: int, limits: Limits) -> bool:
        """Whether a field could have a value that cannot be named."""
        cells, free = self._space.cells[level], self._space.fields[level] not in limits.keep
        nameless = any(cells.nearest(cell, None) is None for cell in range(len(cells)))
        return nameless and free and self._changes[level] is not None

    def _is(self, path: str, position: Position) -> _Wanted:
        number, before = ALL_PATHS.index(path), self._space.contradictions_at(position)
        return lambda at, disputes: at == number and not disputes & ~before

    def _is_open(self, position: Position) -> _Wanted:
        before = self._space.contradictions_at(position)
        return lambda at, disputes: at == OPEN_YES and not disputes & ~before

    def _costs(self, level: int, facts: Facts, limits: Limits) -> list[int]:
        """The cost of each value for the person, within the limits."""
        field, cells = self._space.fields[level], self._space.cells[level]
        change, value = self._changes[level], facts.get(field)
        current = ABSENT if value is None else 1 + cells.locate(value)
        costs = [NO_WAY] * (1 + len(cells))
        costs[current] = FREE
        if change is None or field in limits.keep:
            return costs
        for cell in range(len(cells)):
            effort = self._efforts.of(level, current, cell)
            allowed = EFFORTS.index(effort) <= EFFORTS.index(limits.max_effort)
            if effort == WISH:
                allowed = limits.wishes_may_change
            if 1 + cell == current or not allowed:
                continue
            if cells.nearest(cell, value, change.only_up) is not None:
                costs[1 + cell] = cost_of(effort, abs(1 + cell - current))
        return costs

    def _steps(self, search: _Search, before: Position, facts: Facts, after: Position) -> Steps:
        """What lies between two positions, for the person."""
        changed = [i for i in range(len(before)) if before[i] != after[i]]
        steps = [self._step(search, level, before[level], after, facts) for level in changed]
        return self._efforts.ordered(steps)

    def _step(
        self, search: _Search, level: int, old: int, after: Position, facts: Facts
    ) -> FieldStep:
        cells, change = self._space.cells[level], self._changes[level]
        field, cell = self._space.fields[level], after[level] - 1
        only_up = change is not None and change.only_up
        value = cells.nearest(cell, facts.get(field), only_up)
        assert value is not None
        words = cells.words(
            [each - 1 for each in search.adjoining(level, after)], self._vocabulary
        )
        return FieldStep(field, value, words, self._efforts.of(level, old, cell))


class _Search:
    """One search: from one position to what is wanted, at given costs."""

    def __init__(
        self,
        space: DecisionSpace,
        root: Ref,
        position: Position,
        costs: _Costs,
        wanted: _Wanted,
    ):
        self._diagrams = space.diagrams
        self._disputes = space.disputes
        self._root = root
        self._position = position
        self._costs = costs
        self._wanted = wanted

    def adjoining(self, level: int, position: Position) -> list[int]:
        """The values of a variable around the one it has that do as well."""
        own = position[level]
        good = {own}
        for values in (range(own - 1, ABSENT, -1), range(own + 1, len(self._costs[level]))):
            for value in values:
                moved = (*position[:level], value, *position[level + 1 :])
                if self._costs[level][value] >= NO_WAY or not self.holds(moved):
                    break
                good.add(value)
        return sorted(good)

    def holds(self, position: Position) -> bool:
        """Whether a position is what is wanted."""
        value = self._diagrams.value
        return self._wanted(value(self._root, position), value(self._disputes, position))

    def cheapest(self, max_fields: int | None) -> Iterator[Position]:
        """Positions where what is wanted holds, none changing all that another changes.

        Raises:
            SearchGivenUpError: Too many steps.
        """
        order = itertools.count()
        # What it will cost at least, a tie-breaker, what it cost so far, where it is, and
        # the values chosen so far by variable.
        left = self._least_left()
        start = (left[self._root], next(order), 0, self._root, self._disputes, ())
        pending: list[tuple[int, int, int, Ref, Ref, _Chosen]] = [start]
        done: list[frozenset[int]] = []
        for _ in range(MAX_STEPS):
            if not pending or pending[0][0] >= NO_WAY:
                return
            _, _, paid, at, disputes, chosen = heapq.heappop(pending)
            changed = frozenset(level for level, _ in chosen)
            if any(earlier <= changed for earlier in done):
                continue
            if at < 0 and disputes < 0:
                if self._wanted(-1 - at, -1 - disputes):
                    done.append(changed)
                    yield _moved(self._position, chosen)
                continue
            for cost, value, next_at, next_disputes, level in self._ways(at, disputes):
                more = chosen if cost == FREE else (*chosen, (level, value))
                if max_fields is not None and len(more) > max_fields:
                    continue
                if cost and any(earlier <= changed | {level} for earlier in done):
                    continue
                total = paid + cost
                least = total + left[next_at]
                if least < NO_WAY:
                    heapq.heappush(
                        pending, (least, next(order), total, next_at, next_disputes, more)
                    )
        raise SearchGivenUpError

    def _ways(self, at: Ref, disputes: Ref) -> Iterator[tuple[int, int, Ref, Ref, int]]:
        """The values that the next variable can take, with costs and where they lead."""
        diagrams = self._diagrams
        level = min(diagrams.level_of(at), diagrams.level_of(disputes))
        ways = zip(
            self._costs[level],
            diagrams.children_at(at, level),
            diagrams.children_at(disputes, level),
            strict=True,
        )
        for value, (cost, next_at, next_disputes) in enumerate(ways):
            if cost < NO_WAY:
                yield cost, value, next_at, next_disputes, level

    def _least_left(self) -> dict[Ref, int]:
        """By node, what has to be paid at least from there on, contradictions aside."""
        levels, children = self._diagrams.levels, self._diagrams.children
        left: dict[Ref, int] = {}
        for ref in self._diagrams.below(self._root):
            if ref < 0:
                # Whether facts disagree is seen only at the end.
                left[ref] = FREE if self._wanted(-1 - ref, 0) else NO_WAY
            else:
                after = map(left.__getitem__, children[ref])
                left[ref] = min(map(operator.add, self._costs[levels[ref]], after))
        return left


def _moved(position: Position, chosen: _Chosen) -> Position:
    """A position with some variables at other values."""
    moved = list(position)
    for level, value in chosen:
        moved[level] = value
    return tuple(moved)
