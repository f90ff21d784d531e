"""The smallest changes of a profile that lead to a path.

A profile is a position in the decision space; changing fields moves it. The search walks
the decision diagram from the root: at every variable it stays with the value given, which
costs nothing, or takes another one, at a cost. What is left to pay below a node is computed
first, from the leaves up, so that the walk never strays. It finds the cheapest way first,
then the next that is not just a larger version of one found, and if there is none it has
proven that there is none.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, OPEN_YES, DecisionSpace, Position
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import ALL_PATHS, PATHS, Ruleset
from rolefit.engine.vocabulary import EFFORTS, WISH, FactValue

CONVERSATION = EFFORTS[0]
# Steps of one search before it is given up: a tenth of a second or two. One for a path takes
# some hundred; one for all that opens a bridge to somebody of whom little is known, thousands.
MAX_STEPS = 40_000
# Profiles for which what each path would need is remembered.
_REMEMBERED = 4096

# A cost is one number whose digits, to this base, count the fields changed by their effort,
# the heaviest in front; no profile has as many fields.
_BASE = 1 << 16
_FREE = 0
_NO_WAY = 1 << 160
# The last digit: how many cells a value moves. Between values of equal effort the nearer wins.
_FIELD: dict[str, int] = {effort: _BASE ** (1 + i) for i, effort in enumerate(EFFORTS)}
_NOBODY: int = _BASE ** (1 + len(EFFORTS))
_ANY_FIELD: int = _BASE ** (2 + len(EFFORTS))


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


@dataclass(frozen=True)
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
        # In the order to ask.
        self._levels = sorted(range(len(space.fields)), key=space.ask_rank.__getitem__)
        self._changes = [ruleset.vocabulary.words[field].change for field in space.fields]
        self.would_need = functools.lru_cache(maxsize=_REMEMBERED)(self._would_need)

    def _would_need(self, position: Position) -> dict[str, Steps]:
        """For each path but the present one, the fewest fields that had to differ.

        Any field may differ, wishes included. A path that no values lead to has no entry,
        nor has one for which the search was given up.
        """
        here = self._space.path_at(position)
        costs = [self._plain_costs(level, value) for level, value in enumerate(position)]
        nearest = self._nearest(position, costs)
        needs = {}
        for path in PATHS:
            if path == here or ALL_PATHS.index(path) not in nearest:
                continue
            wanted = self._is(path, position)
            search = _Search(self._space, self._space.path, position, costs, wanted)
            found: Position | None = nearest[ALL_PATHS.index(path)]
            # The walk that finds all paths at once does not look at contradictions.
            if found and not search.holds(found):
                found = self._first(search)
            if found:
                needs[path] = self._steps(search, position, None, found)
        return needs

    def _nearest(self, position: Position, costs: _Costs) -> dict[int, Position]:
        """For each path, the position that leads there at the least cost: one walk for all."""
        levels, children = self._space.diagrams.levels, self._space.diagrams.children
        ways: dict[Ref, tuple[int, _Chosen]] = {self._space.path: (_FREE, ())}
        for ref in reversed(self._space.diagrams.below(self._space.path)):
            if ref < 0 or ref not in ways:
                continue
            paid, chosen = ways[ref]
            level = levels[ref]
            for value, child in enumerate(children[ref]):
                total = paid + costs[level][value]
                if total < _NO_WAY and (child not in ways or total < ways[child][0]):
                    kept = value == position[level]
                    ways[child] = (total, chosen if kept else (*chosen, (level, value)))
        return {-1 - ref: _moved(position, way) for ref, (_, way) in ways.items() if ref < 0}

    @staticmethod
    def _first(search: _Search) -> Position | None:
        try:
            return next(search.cheapest(None), None)
        except SearchGivenUpError:
            return None

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

    def _plain_costs(self, level: int, current: int) -> list[int]:
        """The cost of each value where every field counts alike and any may change."""
        costs = [_NO_WAY if current else _FREE]
        for cell in range(len(self._space.cells[level])):
            if self._space.cells[level].nearest(cell, None) is None:
                costs.append(_NO_WAY)
            else:
                effort = self._bare_effort(level, current, cell)
                costs.append(_ANY_FIELD + self._cost(effort, abs(1 + cell - current)))
        costs[current] = _FREE
        return costs

    def _costs(self, level: int, facts: Facts, limits: Limits) -> list[int]:
        """The cost of each value for the person, within the limits."""
        field, cells = self._space.fields[level], self._space.cells[level]
        change, value = self._changes[level], facts.get(field)
        current = ABSENT if value is None else 1 + cells.locate(value)
        costs = [_NO_WAY] * (1 + len(cells))
        costs[current] = _FREE
        if change is None or field in limits.keep:
            return costs
        for cell in range(len(cells)):
            effort = self._effort(level, current, cell)
            allowed = EFFORTS.index(effort) <= EFFORTS.index(limits.max_effort)
            if effort == WISH:
                allowed = limits.wishes_may_change
            if 1 + cell == current or not allowed:
                continue
            if cells.nearest(cell, value, change.only_up) is not None:
                costs[1 + cell] = self._cost(effort, abs(1 + cell - current))
        return costs

    def _effort(self, level: int, current: int, cell: int) -> str:
        """The effort of moving a field to a cell; empty if nobody can."""
        change = self._changes[level]
        if change is None:
            return ""
        # An absent wish is only told, and so is that there is nothing to show.
        told = change.effort == WISH or (change.only_up and cell == 0)
        return CONVERSATION if current == ABSENT and told else change.effort

    def _bare_effort(self, level: int, current: int, cell: int) -> str:
        """The same where no value is given, only a cell: empty also for what is not undone."""
        change, cells = self._changes[level], self._space.cells[level]
        only_up = change is not None and change.only_up and current != ABSENT
        if only_up and cells.nearest(cell, cells.sample(current - 1), only_up=True) is None:
            return ""
        return self._effort(level, current, cell)

    def _cost(self, effort: str, distance: int) -> int:
        return distance + (_FIELD[effort] if effort else _NOBODY)

    def _steps(
        self, search: _Search, before: Position, facts: Facts | None, after: Position
    ) -> Steps:
        """What lies between two positions; without facts, of nobody in particular."""
        steps = []
        for level in self._levels:
            if before[level] != after[level]:
                steps.append(self._step(search, level, before[level], after, facts))
        heaviest = {effort: -i for i, effort in enumerate(EFFORTS)}
        return tuple(sorted(steps, key=lambda step: heaviest.get(step.effort, -len(EFFORTS))))

    def _step(
        self, search: _Search, level: int, old: int, after: Position, facts: Facts | None
    ) -> FieldStep:
        cells, change = self._space.cells[level], self._changes[level]
        field, cell = self._space.fields[level], after[level] - 1
        if facts is None:
            value, effort = cells.nearest(cell, None), self._bare_effort(level, old, cell)
        else:
            only_up = change is not None and change.only_up
            value = cells.nearest(cell, facts.get(field), only_up)
            effort = self._effort(level, old, cell)
        assert value is not None
        adjoining = search.adjoining(level, after)
        words = cells.words([each - 1 for each in adjoining], self._vocabulary)
        return FieldStep(field, value, words, effort)


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
                if self._costs[level][value] >= _NO_WAY or not self.holds(moved):
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
            if not pending or pending[0][0] >= _NO_WAY:
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
                more = chosen if cost == _FREE else (*chosen, (level, value))
                if max_fields is not None and len(more) > max_fields:
                    continue
                if cost and any(earlier <= changed | {level} for earlier in done):
                    continue
                total = paid + cost
                least = total + left[next_at]
                if least < _NO_WAY:
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
            if cost < _NO_WAY:
                yield cost, value, next_at, next_disputes, level

    def _least_left(self) -> dict[Ref, int]:
        """By node, what has to be paid at least from there on, contradictions aside."""
        levels, children = self._diagrams.levels, self._diagrams.children
        left: dict[Ref, int] = {}
        for ref in self._diagrams.below(self._root):
            if ref < 0:
                # Whether facts disagree is seen only at the end.
                left[ref] = _FREE if self._wanted(-1 - ref, 0) else _NO_WAY
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
