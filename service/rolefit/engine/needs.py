"""What each other path would need of a profile: the fewest fields that had to differ.

Any field may differ, wishes included. The question splits by the sections of the decision
space: what it costs to give one section another behaviour, and which behaviours together lead
to a path. The first depends on the values of one section, the second on those costs alone, and
many profiles agree in them.
"""

from __future__ import annotations

import array
import operator
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rolefit.engine.decision_diagram import Ref
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.efforts import FREE, NO_WAY, Efforts, FieldStep, Steps
from rolefit.engine.memory import Memory
from rolefit.engine.ruleset import ALL_PATHS, PATHS, Ruleset
from rolefit.engine.sections import Behaviours, Chain, Standing, Standings, Values

# Variables at other values than those given.
_Chosen = tuple[tuple[int, int], ...]
# What it costs to give a section each of its behaviours.
_Costs = tuple[int, ...]
# For each behaviour of a section whether it leads to the path wanted, all else given.
_Good = tuple[bool, ...]
# By entry of a section or behaviour of one: the least cost to get to a path from there on, and
# the behaviours that come at it.
_Ways = tuple[Sequence[int], Sequence[Behaviours]]


class _Move(NamedTuple):
    """Another behaviour for a section.

    Attributes:
        behaviour: The behaviour.
        good: By behaviour, whether it would do as well.
    """

    behaviour: int
    good: _Good


class _Change(NamedTuple):
    """Another value for one variable.

    Attributes:
        level: The variable.
        old: Its value.
        new: The other one.
        behaviours: By value, the behaviour of the section with it, all other changes made;
            None where the value cannot be had, or makes facts disagree.
    """

    level: int
    old: int
    new: int
    behaviours: tuple[int | None, ...]


# What leads to a path: for each section that has to differ its number and the move.
_Plan = tuple[tuple[int, _Move], ...]


class _Around:
    """What it takes to give a section other behaviours, from certain values on.

    Attributes:
        costs: By behaviour.
        chosen: By behaviour, the values that differ; nothing where there is no way.
        changes: By behaviour, the changes that `chosen` makes, of those asked for so far.
    """

    __slots__ = ("changes", "chosen", "costs")

    def __init__(self, costs: _Costs, chosen: list[_Chosen]):
        self.costs = costs
        self.chosen = chosen
        self.changes: dict[int, tuple[_Change, ...]] = {}


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
        # Mostly there are as many as pairs of cells. As long as they are remembered, equal
        # steps are the same.
        self._written_steps: Memory[tuple[int, int, int, Values], FieldStep] = Memory(
            "written steps", capacity
        )
        self._around: Memory[Standing, _Around] = Memory("around", capacity)
        # By section and entry: the exit for each behaviour.
        self._exits = [
            [tuple(exits) for exits in zip(*section.exits, strict=True)]
            for section in space.chain.sections
        ]
        self._ends: list[_Ways] = [
            (
                [FREE if end == path else NO_WAY for end in range(len(ALL_PATHS))],
                [()] * len(ALL_PATHS),
            )
            for path in range(len(PATHS))
        ]
        # By the costs of all sections but the first, which differ less than those of the first.
        self._behind: Memory[tuple[_Costs, ...], list[_Ways]] = Memory("behind", capacity)
        self._ways_on: Memory[tuple[int, tuple[_Costs, ...]], list[_Ways]]
        self._ways_on = Memory("ways on", capacity)
        # Each way once, since most entries of `_behind` hold the same few.
        self._ways: Memory[Behaviours, Behaviours] = Memory("ways to paths", capacity)
        self._plans: Memory[tuple[Behaviours, Behaviours], _Plan] = Memory("plans", capacity)
        self._steps: Memory[tuple[_Change, _Good], FieldStep] = Memory("steps", capacity)

    def needs(self, standings: Standings) -> dict[str, Steps]:
        """For each path but the present one, the fewest fields that had to differ.

        None makes facts disagree that did not before. A path that no values lead to has no
        entry.

        Args:
            standings: The profile, section by section.
        """
        around = [self._around_of(standing) for standing in standings]
        costs, *more = [each.costs for each in around]
        own = tuple([standing.behaviour for standing in standings])
        here = self._chain.end(own)
        behind = self._ways_behind(tuple(more))
        needs = {}
        for number, path in enumerate(PATHS):
            if number == here:
                continue
            left, ways = behind[number]
            totals = list(map(operator.add, costs, left))
            least = min(totals)
            if least < NO_WAY:
                wanted = ways[totals.index(least)]
                needs[path] = self._written(standings, around, self._plan(own, wanted))
        return needs

    def _around_of(self, standing: Standing) -> _Around:
        known = self._around.get(standing)
        return known or self._around.add(standing, self._walk(standing))

    def _walk(self, standing: Standing) -> _Around:
        """The cheapest way to each behaviour: one walk through the section for all."""
        section = self._chain.sections[standing.number]
        first = section.levels.start
        diagrams = self._space.diagrams
        ways: dict[Ref, tuple[int, _Chosen]] = {section.ref: (FREE, ())}
        for ref in reversed(diagrams.below(section.ref)):
            if ref < 0 or ref not in ways:
                continue
            paid, chosen = ways[ref]
            level = diagrams.levels[ref]
            own = standing.values[level - first]
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
            effect = section.effects[-1 - ref]
            new = effect.disputes & ~standing.disputes
            if not new and total < costs[effect.behaviour]:
                costs[effect.behaviour], moves[effect.behaviour] = total, chosen
        return _Around(tuple(costs), moves)

    def _ways_behind(self, costs: tuple[_Costs, ...]) -> list[_Ways]:
        """For every path, the cheapest way there by behaviour of the first section.

        Args:
            costs: Of all other sections.
        """
        known = self._behind.get(costs)
        if known is None:
            known = self._behind.add(costs, list(map(self._from_first, self._after(1, costs))))
        return known

    def _from_first(self, ways: _Ways) -> _Ways:
        """From ways by entry of the second section to ways by behaviour of the first."""
        left, rest = ways
        found = [(i, *rest[exit_]) for i, exit_ in enumerate(self._exits[0][0])]
        return (
            array.array("q", [left[exit_] for exit_ in self._exits[0][0]]),
            [self._ways.get(way) or self._ways.add(way, way) for way in found],
        )

    def _after(self, number: int, costs: tuple[_Costs, ...]) -> list[_Ways]:
        """For every path, by entry of a section: the cheapest way from there on."""
        if not costs:
            return self._ends
        key = number, costs
        known = self._ways_on.get(key)
        if known is None:
            after = self._after(number + 1, costs[1:])
            ways = [self._further(number, costs[0], *each) for each in after]
            # What lies behind the first section is kept in `_behind`.
            known = ways if number == 1 else self._ways_on.add(key, ways)
        return known

    def _further(
        self, number: int, cost: _Costs, left: Sequence[int], rest: Sequence[Behaviours]
    ) -> _Ways:
        """The same for one path, with one more section in front."""
        found: list[int] = []
        behaviours: list[Behaviours] = []
        for exits in self._exits[number]:
            totals = list(map(operator.add, cost, [left[each] for each in exits]))
            least = min(totals)
            behaviour = totals.index(least)
            found.append(min(least, NO_WAY))
            behaviours.append((behaviour, *rest[exits[behaviour]]))
        return found, behaviours

    def _plan(self, own: Behaviours, wanted: Behaviours) -> _Plan:
        """What gives every section the behaviour wanted."""
        key = own, wanted
        known = self._plans.get(key)
        if known is None:
            path = self._chain.end(wanted)
            moves = [
                (number, _Move(wanted[number], tuple([end == path for end in ends])))
                for number, ends in enumerate(self._chain.ends(wanted))
                if wanted[number] != own[number]
            ]
            known = self._plans.add(key, tuple(moves))
        return known

    def _written(self, standings: Standings, around: Sequence[_Around], plan: _Plan) -> Steps:
        """The steps of a plan."""
        steps: list[FieldStep] = []
        for number, move in plan:
            changes = around[number].changes.get(move.behaviour)
            if changes is None:
                chosen = around[number].chosen[move.behaviour]
                changes = tuple(self._within(standings[number], chosen))
                around[number].changes[move.behaviour] = changes
            for change in changes:
                known = self._steps.get((change, move.good))
                steps.append(known or self._learn_step(change, move.good))
        return self._efforts.ordered(steps)

    def _within(self, standing: Standing, chosen: _Chosen) -> Iterator[_Change]:
        """The changes that give variables of a section the values chosen."""
        section = self._chain.sections[standing.number]
        first, values = section.levels.start, standing.values
        moved = list(values)
        for level, value in chosen:
            moved[level - first] = value
        for level, new in chosen:
            old = values[level - first]
            tried, behaviours = moved[:], []
            for value, cost in enumerate(self._costs[level][old]):
                tried[level - first] = value
                effect = section.effect(tried)
                able = cost < NO_WAY and not effect.disputes & ~standing.disputes
                behaviours.append(effect.behaviour if able else None)
            yield _Change(level, old, new, tuple(behaviours))

    def _learn_step(self, change: _Change, good: _Good) -> FieldStep:
        does = [new is not None and good[new] for new in change.behaviours]
        new, values = change.new, [change.new]
        for others in (range(new - 1, ABSENT, -1), range(new + 1, len(does))):
            for value in others:
                # The old value would not do, or there were a smaller change.
                if value == change.old or not does[value]:
                    break
                values.append(value)
        step = self._written_step(change.level, change.old, new, tuple(sorted(values)))
        return self._steps.add((change, good), step)

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
