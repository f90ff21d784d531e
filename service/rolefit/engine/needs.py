"""What each other path would need of a profile: the fewest fields that had to differ.

Any field may differ, wishes included. The question splits by the sections of the decision
space: what it costs to give one section another behaviour, and which behaviours together lead
to a path. Both are remembered by the few values that they depend on.
"""

from __future__ import annotations

import functools
import operator

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace, Position
from rolefit.engine.efforts import FREE, NO_WAY, Efforts, FieldStep, Steps
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS, PATHS, Ruleset
from rolefit.engine.sections import Behaviours, Chain, Section, Values

# The size of a variable with two cells, and a value for "absent".
_TWO_CELLS = 3
# Variables at other values than those given.
_Chosen = tuple[tuple[int, int], ...]
# What it costs to give a section each of its behaviours.
_Costs = tuple[int, ...]
# For each path and each entry of a section: the least cost from there on, and the behaviours
# that come at it.
_Rest = list[tuple[_Costs, list[Behaviours]]]


class _Around:
    """What it takes to give a section other behaviours, from certain values on.

    Attributes:
        costs: By behaviour.
        chosen: By behaviour, the values that differ; nothing where there is no way.
    """

    __slots__ = ("chosen", "costs")

    def __init__(self, costs: _Costs, chosen: list[_Chosen]):
        self.costs = costs
        self.chosen = chosen


class NeedFinder:
    """Finds what paths would need, over one rule set.

    Args:
        ruleset: The rules.
        space: All profiles as the verdict rules see them.
        capacity: Most entries of a memory.
    """

    def __init__(self, ruleset: Ruleset, space: DecisionSpace, capacity: int):
        self._vocabulary = ruleset.vocabulary
        self._space = space
        self._chain: Chain = space.chain
        self._efforts = Efforts(ruleset.vocabulary, space)
        self._costs = [
            [self._efforts.plain_costs(level, value) for value in range(size)]
            for level, size in enumerate(space.diagrams.sizes)
        ]
        self._sizes = space.diagrams.sizes
        # Mostly there are as many as pairs of cells. As long as they are remembered, equal
        # steps are the same.
        self._written_step = functools.lru_cache(capacity)(self._write_step)
        self._around: Memory[tuple[int, Values], _Around] = Memory("around", capacity)
        # By section and entry: the exit for each behaviour.
        self._exits = [
            [tuple(exits) for exits in zip(*section.exits, strict=True)]
            for section in space.chain.sections
        ]
        self._ends: _Rest = [
            (
                tuple(FREE if end == path else NO_WAY for end in range(len(ALL_PATHS))),
                [()] * len(ALL_PATHS),
            )
            for path in range(len(PATHS))
        ]
        self._rest: Memory[tuple[int, tuple[_Costs, ...]], _Rest] = Memory("rest", capacity)
        self._steps: Memory[tuple[object, ...], Steps] = Memory("steps", capacity)

    def needs(self, position: Position) -> dict[str, Steps]:
        """For each path but the present one, the fewest fields that had to differ.

        None makes facts disagree that did not before. A path that no values lead to has no
        entry.
        """
        values, own = self._chain.standing(position)
        around = [self._from(number, each) for number, each in enumerate(values)]
        here = self._chain.end(0, 0, own)
        first = around[0].costs
        rest = self._after(1, tuple([each.costs for each in around[1:]]))
        # The first section is entered at one place alone; by behaviour, where it is left.
        left_at = self._exits[0][0]
        needs = {}
        for number, path in enumerate(PATHS):
            if number == here:
                continue
            left, behaviours = rest[number]
            totals = list(map(operator.add, first, [left[each] for each in left_at]))
            least = min(totals)
            if least < NO_WAY:
                start = totals.index(least)
                chosen = (start, *behaviours[left_at[start]])
                needs[path] = self._written(values, around, chosen)
        return needs

    def _from(self, number: int, values: Values) -> _Around:
        key = number, values
        known = self._around.known.get(key)
        if known is None:
            known = self._around.add(key, self._walk(self._chain.sections[number], values))
        return known

    def _walk(self, section: Section, values: Values) -> _Around:
        """The cheapest way to each behaviour: one walk through the section for all."""
        first = section.levels.start
        before = section.standing(values).disputes
        diagrams = self._space.diagrams
        ways: dict[Ref, tuple[int, _Chosen]] = {section.ref: (FREE, ())}
        for ref in reversed(diagrams.below(section.ref)):
            if ref < 0 or ref not in ways:
                continue
            paid, chosen = ways[ref]
            level = diagrams.levels[ref]
            own = values[level - first]
            for value, child in enumerate(diagrams.children[ref]):
                total = paid + self._costs[level][own][value]
                if total < NO_WAY and (child not in ways or total < ways[child][0]):
                    more = chosen if value == own else (*chosen, (level, value))
                    ways[child] = total, more
        costs = [NO_WAY] * len(section.exits)
        moves: list[_Chosen] = [()] * len(section.exits)
        for ref, (total, chosen) in ways.items():
            if ref >= 0:
                continue
            standing = section.standings[-1 - ref]
            new = standing.disputes & ~before
            if not new and total < costs[standing.behaviour]:
                costs[standing.behaviour], moves[standing.behaviour] = total, chosen
        return _Around(tuple(costs), moves)

    def _after(self, number: int, costs: tuple[_Costs, ...]) -> _Rest:
        """What the sections from one on come to, given what each of them costs.

        For every path: by entry the least cost from there on, and the behaviours at that.
        """
        if number == len(self._chain.sections):
            return self._ends
        known = self._rest.known.get((number, costs))
        if known is None:
            after = self._after(number + 1, costs[1:])
            rest = [self._before(number, costs[0], *each) for each in after]
            known = self._rest.add((number, costs), rest)
        return known

    def _before(
        self, number: int, cost: _Costs, least: _Costs, best: list[Behaviours]
    ) -> tuple[_Costs, list[Behaviours]]:
        """The same for one path and one more section in front."""
        found: list[int] = []
        behaviours: list[Behaviours] = []
        for exits in self._exits[number]:
            totals = list(map(operator.add, cost, [least[each] for each in exits]))
            total = min(totals)
            behaviour = totals.index(total)
            found.append(total)
            behaviours.append((behaviour, *best[exits[behaviour]]))
        return tuple(found), behaviours

    def _written(
        self, values: list[Values], around: list[_Around], behaviours: Behaviours
    ) -> Steps:
        """The steps that give every section the behaviours wanted."""
        steps: list[FieldStep] = []
        entries: list[int] = []
        for number, behaviour in enumerate(behaviours):
            chosen = around[number].chosen[behaviour]
            first, own = self._chain.sections[number].levels.start, values[number]
            if all(self._is_plain(level, own[level - first]) for level, _ in chosen):
                steps += [
                    self._written_step(level, own[level - first], value, (value,))
                    for level, value in chosen
                ]
                continue
            entries = entries or self._chain.entries(behaviours)
            key = number, own, entries[number], behaviours[number:]
            known = self._steps.known.get(key)
            if known is None:
                known = self._steps.add(key, self._section_steps(*key, chosen))
            steps += known
        return self._efforts.ordered(steps)

    def _is_plain(self, level: int, old: int) -> bool:
        """Whether a variable has but one value beside the old one that could do."""
        return old != ABSENT and self._sizes[level] <= _TWO_CELLS

    def _section_steps(
        self,
        number: int,
        values: Values,
        entry: int,
        behaviours: Behaviours,
        chosen: _Chosen,
    ) -> Steps:
        """The steps within one section.

        Args:
            number: The section.
            values: What its variables have.
            entry: Where it is entered.
            behaviours: Those wanted of it and of the sections behind it.
            chosen: The values to give to some variables.
        """
        section = self._chain.sections[number]
        first, moved = section.levels.start, list(values)
        for level, value in chosen:
            moved[level - first] = value
        before = section.standing(values).disputes
        goal = self._chain.end(number, entry, behaviours)

        def does(level: int, value: int) -> bool:
            """Whether another value of one variable would do."""
            if self._costs[level][values[level - first]][value] >= NO_WAY:
                return False
            tried = (*moved[: level - first], value, *moved[level - first + 1 :])
            standing = section.standing(tried)
            end = self._chain.end(number, entry, (standing.behaviour, *behaviours[1:]))
            return end == goal and not standing.disputes & ~before

        return tuple(
            self._step(level, values[level - first], value, functools.partial(does, level))
            for level, value in chosen
        )

    def _step(self, level: int, old: int, new: int, does: functools.partial[bool]) -> FieldStep:
        good = [new]
        for others in (range(new - 1, ABSENT, -1), range(new + 1, self._sizes[level])):
            for value in others:
                # The old value would not do, or there were a smaller change.
                if value == old or not does(value):
                    break
                good.append(value)
        return self._written_step(level, old, new, tuple(sorted(good)))

    def _write_step(self, level: int, old: int, new: int, good: Values) -> FieldStep:
        cells = self._space.cells[level]
        nearest = cells.nearest(new - 1, None)
        assert nearest is not None
        words = cells.words([value - 1 for value in good], self._vocabulary)
        effort = self._efforts.bare(level, old, new - 1)
        return FieldStep(self._space.fields[level], nearest, words, effort)
