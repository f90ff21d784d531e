"""What each other path would need of a profile: the fewest fields that had to differ.

Any field may differ, wishes included. The question splits by the sections of the decision
space: what it costs to give one section another behaviour, and which behaviours together lead
to a path. Both are remembered by the few values that they depend on.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.efforts import FREE, NO_WAY, Efforts, FieldStep, Steps
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS, PATHS, Ruleset
from rolefit.engine.sections import Behaviours, Chain, Section, Values

# Variables at other values than those given.
_Chosen = tuple[tuple[int, int], ...]
# What it costs to give a section each of its behaviours.
_Costs = tuple[int, ...]
# For each behaviour of a section whether it leads to the path wanted, all else given.
_Good = tuple[bool, ...]
# By entry of a section: the least cost on one side of it, and the behaviours that come at it.
_Ways = tuple[list[int], list[Behaviours]]


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
        self._written_steps: Memory[tuple[int, int, int, Values], FieldStep] = Memory(
            "written steps", capacity
        )
        self._around: Memory[tuple[int, Values], _Around] = Memory("around", capacity)
        # By section and entry: the exit for each behaviour.
        self._exits = [
            [tuple(exits) for exits in zip(*section.exits, strict=True)]
            for section in space.chain.sections
        ]
        self._counts = [1 + max(max(exits) for exits in section) for section in self._exits]
        # What lies before the middle is looked at once for all paths; what lies behind it has
        # few costs, so that is remembered.
        self._middle = (1 + len(self._exits)) // 2
        self._ends: list[_Ways] = [
            (
                [FREE if end == path else NO_WAY for end in range(len(ALL_PATHS))],
                [()] * len(ALL_PATHS),
            )
            for path in range(len(PATHS))
        ]
        self._behind: Memory[tuple[int, tuple[_Costs, ...]], list[_Ways]] = Memory(
            "behind", capacity
        )
        self._steps: Memory[tuple[int, Values, int, _Good], Steps] = Memory("steps", capacity)

    def needs(self, values: Sequence[Values], own: Behaviours) -> dict[str, Steps]:
        """For each path but the present one, the fewest fields that had to differ.

        None makes facts disagree that did not before. A path that no values lead to has no
        entry.

        Args:
            values: A position, section by section.
            own: What the sections come to.
        """
        around = [self._from(number, each) for number, each in enumerate(values)]
        here = self._chain.end(0, 0, own)
        costs = [each.costs for each in around]
        paid, ways = self._before(costs[: self._middle])
        behind = self._after(self._middle, tuple(costs[self._middle :]))
        needs = {}
        for number, path in enumerate(PATHS):
            if number == here:
                continue
            left, rest = behind[number]
            totals = list(map(operator.add, paid, left))
            least = min(totals)
            if least < NO_WAY:
                middle = totals.index(least)
                needs[path] = self._written(values, around, own, ways[middle] + rest[middle])
        return needs

    def _from(self, number: int, values: Values) -> _Around:
        key = number, values
        known = self._around.get(key)
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

    def _before(self, costs: Sequence[_Costs]) -> _Ways:
        """By exit of the last of the first sections: the cheapest way there."""
        paid = [FREE]
        ways: list[Behaviours] = [()]
        for number, cost in enumerate(costs):
            count = self._counts[number]
            found = [NO_WAY] * count
            behaviours: list[Behaviours] = [()] * count
            for entry, so_far in enumerate(paid):
                if so_far >= NO_WAY:
                    continue
                for behaviour, exit_ in enumerate(self._exits[number][entry]):
                    total = so_far + cost[behaviour]
                    if total < found[exit_]:
                        found[exit_] = total
                        behaviours[exit_] = (*ways[entry], behaviour)
            paid, ways = found, behaviours
        return paid, ways

    def _after(self, number: int, costs: tuple[_Costs, ...]) -> list[_Ways]:
        """For every path, by entry of a section: the cheapest way from there on."""
        if not costs:
            return self._ends
        key = number, costs
        known = self._behind.get(key)
        if known is None:
            after = self._after(number + 1, costs[1:])
            ways = [self._further(number, costs[0], *each) for each in after]
            known = self._behind.add(key, ways)
        return known

    def _further(
        self, number: int, cost: _Costs, left: list[int], rest: list[Behaviours]
    ) -> _Ways:
        """The same for one path, with one more section in front."""
        found: list[int] = []
        behaviours: list[Behaviours] = []
        for exits in self._exits[number]:
            totals = list(map(operator.add, cost, [left[each] for each in exits]))
            least = min(totals)
            behaviour = totals.index(least)
            found.append(least)
            behaviours.append((behaviour, *rest[exits[behaviour]]))
        return found, behaviours

    def _written(
        self,
        values: Sequence[Values],
        around: list[_Around],
        own: Behaviours,
        wanted: Behaviours,
    ) -> Steps:
        """The steps that give every section the behaviour wanted."""
        steps: list[FieldStep] = []
        entry = 0
        for number, behaviour in enumerate(wanted):
            if behaviour != own[number]:
                ends = self._chain.ends(number, entry, wanted[number + 1 :])
                goal = ends[behaviour]
                good = tuple([end == goal for end in ends])
                key = number, values[number], behaviour, good
                known = self._steps.get(key)
                if known is None:
                    chosen = around[number].chosen[behaviour]
                    known = self._steps.add(key, self._section_steps(*key, chosen))
                steps += known
            entry = self._exits[number][entry][behaviour]
        return self._efforts.ordered(steps)

    def _section_steps(
        self, number: int, values: Values, behaviour: int, good: _Good, chosen: _Chosen
    ) -> Steps:
        """The steps within one section.

        Args:
            number: The section.
            values: What its variables have.
            behaviour: The one wanted of it.
            good: By behaviour, whether it would do as well.
            chosen: The values to give to some variables.
        """
        section = self._chain.sections[number]
        first, moved = section.levels.start, list(values)
        for level, value in chosen:
            moved[level - first] = value
        before = section.standing(values).disputes

        def does(level: int, value: int) -> bool:
            """Whether another value of one variable would do."""
            if self._costs[level][values[level - first]][value] >= NO_WAY:
                return False
            tried = (*moved[: level - first], value, *moved[level - first + 1 :])
            standing = section.standing(tried)
            return good[standing.behaviour] and not standing.disputes & ~before

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

    def _written_step(self, level: int, old: int, new: int, good: Values) -> FieldStep:
        key = level, old, new, good
        return self._written_steps.get(key) or self._written_steps.add(
            key, self._write_step(*key)
        )

    def _write_step(self, level: int, old: int, new: int, good: Values) -> FieldStep:
        cells = self._space.cells[level]
        nearest = cells.nearest(new - 1, None)
        assert nearest is not None
        words = cells.words([value - 1 for value in good], self._vocabulary)
        effort = self._efforts.bare(level, old, new - 1)
        return FieldStep(self._space.fields[level], nearest, words, effort)
