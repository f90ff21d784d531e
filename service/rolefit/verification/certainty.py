"""How certain an answer is, as a formula.

Certainty asks about all fillings of a profile, which is beyond the rules' own conditions. The
decision diagram of the path answers it for every profile at once, and its answer, a diagram
again, reads as a formula over the tests of the fields.
"""

from __future__ import annotations

import functools
import operator

import z3

from rolefit.engine.decision_diagram import NO, YES, Ref, leaf
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.ruleset import CERTAINTIES, UNDETERMINED
from rolefit.verification.smt import Formula, SmtRules, all_of, any_of


def certainty_limits(rules: SmtRules, space: DecisionSpace | None) -> list[Formula]:
    """What certainty is, as far as it is known; without a decision space nobody is certain."""
    certain = rules.certainty == CERTAINTIES.index("CERTAIN")
    fixed = z3.BoolVal(False)
    if space is not None:
        fixed = _Reading(rules, space).formula(fixed_in(space))
    return [certain == z3.And(fixed, z3.Not(rules.path_is(UNDETERMINED)))]


def reached(space: DecisionSpace, complete: bool) -> Ref:
    """For every position, the set of paths that its fillings lead to.

    Args:
        space: All profiles.
        complete: Whether only fillings count that give every field a value.
    """
    diagrams = space.diagrams
    first = 1 if complete else ABSENT
    done: dict[Ref, Ref] = {}
    for ref in diagrams.below(space.path_sets):
        if ref < 0:
            done[ref] = ref
            continue
        after = [done[child] for child in diagrams.children[ref]]
        union = functools.reduce(
            lambda a, b: diagrams.combine(operator.or_, a, b), after[first:], leaf(0)
        )
        done[ref] = diagrams.node(diagrams.levels[ref], (union, *after[1:]))
    return done[space.path_sets]


def fixed_in(space: DecisionSpace) -> Ref:
    """Where no filling, complete or not, leads to another path than the present one."""
    return space.diagrams.combine(
        lambda path, paths: int(paths == 1 << path), space.path, reached(space, complete=False)
    )


class _Reading:
    """Reads diagrams of yes and no as formulas."""

    def __init__(self, rules: SmtRules, space: DecisionSpace):
        self._rules = rules
        self._space = space
        self._cells: dict[tuple[int, int], Formula] = {}
        self._done: dict[Ref, Formula] = {NO: z3.BoolVal(False), YES: z3.BoolVal(True)}

    def formula(self, ref: Ref) -> Formula:
        """Where a function is YES."""
        if ref not in self._done:
            level = self._space.diagrams.levels[ref]
            ways = (
                z3.And(self._is(level, value), self.formula(child))
                for value, child in enumerate(self._space.diagrams.children[ref])
            )
            self._done[ref] = any_of(ways)
        return self._done[ref]

    def _is(self, level: int, value: int) -> Formula:
        """Where a field has one of the values that its variable tells apart."""
        if (level, value) not in self._cells:
            self._cells[level, value] = self._cell(level, value)
        return self._cells[level, value]

    def _cell(self, level: int, value: int) -> Formula:
        field = self._space.fields[level]
        known = self._rules.variables[field].known
        if value == ABSENT:
            return z3.Not(known)
        sample = self._space.cells[level].sample(value - 1)
        told = (
            self._rules.truth(test)[0 if test.accepts(sample) else 1]
            for test in self._space.tests[field]
            if test.op not in ("is known", "is unknown")
        )
        return all_of([known, *told])
