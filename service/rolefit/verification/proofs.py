"""Proves the properties of a rule set, or refutes them with profiles.

A property is refuted by what a solver finds and the engine confirms; it is proven when the
solver has shown that there is nothing to find. Where the solver runs out of time the
property is open, and nothing is claimed.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence

import z3

from rolefit.engine.conditions import Any as AnyOf
from rolefit.engine.conditions import Condition
from rolefit.engine.decision_diagram import YES, Ref, leaf
from rolefit.engine.decision_space import ABSENT, DecisionSpace
from rolefit.engine.facts import Facts
from rolefit.engine.recommender import Engine
from rolefit.engine.ruleset import (
    ALL_PATHS,
    UNDETERMINED,
    FindingRule,
    RoundRule,
    Rule,
    Ruleset,
    SentenceRule,
    SignalRule,
)
from rolefit.engine.templates import Template
from rolefit.verification.certainty import certainty_limits, reached
from rolefit.verification.observation import Observation
from rolefit.verification.proof_results import (
    OPEN,
    PROVEN,
    REFUTED,
    Firing,
    Refutation,
    Report,
    Result,
)
from rolefit.verification.properties import (
    Implication,
    Irrelevance,
    Monotone,
    Property,
    Structure,
)
from rolefit.verification.redundancy import missed
from rolefit.verification.smt import Formula, SmtRules, Term, all_of, any_of, other_values
from rolefit.verification.witness import confirmed, observe, truth_of


class _OutOfTimeError(Exception):
    """The solver gave no answer in time."""


def verify(
    ruleset: Ruleset, properties: Sequence[Property], seconds_each: float = 60.0
) -> Report:
    """Proves or refutes properties.

    Args:
        ruleset: A checked rule set.
        properties: What to prove.
        seconds_each: Longest time for one question to the solver.

    Raises:
        WitnessError: The engine does not confirm what the solver found.
    """
    with Engine(ruleset) as engine:
        prover = _Prover(ruleset, engine, seconds_each)
        results = tuple(prover.result(each) for each in properties)
        return Report(ruleset, z3.get_version_string(), results, tuple(prover.firings))


class _Prover:
    def __init__(self, ruleset: Ruleset, engine: Engine, seconds_each: float):
        self._ruleset = ruleset
        self._engine = engine
        self._rules = SmtRules(ruleset)
        self._solver = z3.Solver()
        self._solver.set("timeout", int(seconds_each * 1000))
        self._solver.add(*self._rules.limits, *certainty_limits(self._rules, engine.space))
        self._queries = 0
        self.firings: list[Firing] = []

    def result(self, property_: Property) -> Result:
        """Proves or refutes one property."""
        begin, before = time.perf_counter(), self._queries
        refutations: list[Refutation] = []
        status = PROVEN
        try:
            refutations.extend(self._refutations(property_))
        except _OutOfTimeError:
            status = OPEN
        if refutations:
            status = REFUTED
        spent = time.perf_counter() - begin
        queries = self._queries - before
        return Result(property_, status, spent, queries, tuple(refutations))

    def _refutations(self, property_: Property) -> Iterator[Refutation]:
        goal = property_.goal
        if isinstance(goal, Structure):
            return {
                "one_verdict": self._one_verdict,
                "every_rule_fires": self._every_rule_fires,
                "none_shadowed": self._none_shadowed,
                "none_redundant": self._none_redundant,
                "sentences_complete": self._sentences_complete,
                "answer_reachable": self._answer_reachable,
                "nothing_asked_in_vain": self._nothing_asked_in_vain,
            }[goal.name]()
        if isinstance(goal, Implication):
            return self._implication(goal)
        if isinstance(goal, Monotone):
            return self._monotone(goal)
        return self._irrelevance(goal)

    def _model(self, *formulas: Formula) -> Term | None:
        """A model of valid profiles; None if there is none.

        Raises:
            _OutOfTimeError: The solver does not know.
        """
        self._queries += 1
        self._solver.push()
        try:
            self._solver.add(*formulas)
            answer = self._solver.check()
            if answer == z3.unknown:
                raise _OutOfTimeError
            return self._solver.model() if answer == z3.sat else None
        finally:
            self._solver.pop()

    def _profile(
        self, what: str, formula: Formula, shows: Callable[[Observation], bool]
    ) -> Facts | None:
        """A profile for which a formula holds, as small as the engine confirms it."""

        def shown(facts: Facts) -> bool:
            return shows(self._observe(facts))

        model = self._model(formula)
        if model is None:
            return None
        return confirmed(self._rules.facts(model), shown, what)

    def _observe(self, facts: Facts) -> Observation:
        return observe(self._engine, facts)

    def _shown(self, what: str, *profiles: Facts) -> Refutation:
        answers = tuple(self._observe(facts).outcome.verdict.path for facts in profiles)
        return Refutation(what, profiles, answers)

    # -- What any rule set should have

    def _one_verdict(self) -> Iterator[Refutation]:
        concludes = [self._rules.concludes[rule.id] for rule in self._ruleset.verdicts]
        none = z3.Not(any_of(concludes))
        several = z3.Not(z3.AtMost(*concludes, 1))
        for formula, what in ((none, "no verdict"), (several, "more than one verdict")):
            if model := self._model(formula):
                yield Refutation(what, (self._rules.facts(model),))

    def _every_rule_fires(self) -> Iterator[Refutation]:
        for rule, state, formula in self._states():
            what = f"{rule.id} {'fires' if not state else f'is {state}'}"
            profile = self._profile(what, formula, functools.partial(_has, rule, state))
            if profile is None:
                yield Refutation(f"no profile shows that {what}")
            else:
                path = self._observe(profile).outcome.verdict.path
                self.firings.append(Firing(rule, state, profile, path))

    def _states(self) -> Iterator[tuple[Rule, str, Formula]]:
        """What every rule has to be able to do."""
        for rule in self._ruleset.rules:
            if isinstance(rule, SignalRule):
                yes, no = self._rules.signals[rule.signal]
                if not _never(rule.when):
                    yield rule, "YES", yes
                if rule.no_when is None or not _never(rule.no_when):
                    yield rule, "NO", no
                yield rule, "UNKNOWN", z3.Not(z3.Or(yes, no))
            elif isinstance(rule, RoundRule):
                for state, formula in self._rules.rounds[rule.id].items():
                    yield rule, state, formula
            else:
                yield rule, "", self._rules.fired[rule.id]

    def _none_shadowed(self) -> Iterator[Refutation]:
        for rule in (*self._ruleset.verdicts, *self._ruleset.statements):
            what, concludes = f"{rule.id} comes first", self._rules.concludes[rule.id]
            if self._profile(what, concludes, functools.partial(_concludes, rule)) is None:
                yield Refutation(f"{rule.id} never comes first")

    def _none_redundant(self) -> Iterator[Refutation]:
        for rule in self._ruleset.rules:
            missed = self._is_missed(rule)
            if not missed and not rule.redundant:
                yield Refutation(
                    f"no answer would miss {rule.id}, which does not say why it is"
                )
            if missed and rule.redundant:
                yield Refutation(f"{rule.id} says that it is redundant, but is not")

    def _is_missed(self, rule: Rule) -> bool:
        """Whether the answer to some profile would be another one without the rule."""
        formula = missed(self._rules, rule)
        if not isinstance(rule, FindingRule):
            return self._model(formula) is not None
        # Findings may rest on certainty, of which the engine has the last word.
        same = {r.id for r in self._ruleset.findings if r.code == rule.code}

        def shows(seen: Observation) -> bool:
            return same & seen.outcome.met.keys() == {rule.id}

        return self._profile(f"{rule.id} alone finds {rule.code}", formula, shows) is not None

    def _sentences_complete(self) -> Iterator[Refutation]:
        for rule, state, template, formula in self._sentences():
            for hole in template.holes():
                if hole not in self._rules.variables:
                    continue
                unknown = z3.Not(self._rules.variables[hole].known)
                what = f"{rule.id} shows {hole}, which is not known"
                shows = functools.partial(_shows_hole, rule, state, hole)
                profile = self._profile(what, z3.And(formula, unknown), shows)
                if profile is not None:
                    yield self._shown(what, profile)

    def _sentences(self) -> Iterator[tuple[Rule, str | None, Template, Formula]]:
        """Every sentence, with the state of its rule in which it is said; None for any."""
        always = z3.BoolVal(True)
        for rule in self._ruleset.rules:
            if isinstance(rule, SentenceRule):
                yield rule, "", rule.because, self._rules.fired[rule.id]
            elif isinstance(rule, SignalRule):
                for template in (rule.says_yes, rule.says_no, rule.says_unknown):
                    yield rule, None, template, always
            elif isinstance(rule, RoundRule):
                states = self._rules.rounds[rule.id]
                yield rule, None, rule.probes, always
                yield rule, "READY", rule.says_ready, states["READY"]
                yield rule, "MISSING", rule.says_missing, states["MISSING"]
                yield rule, "THIN", rule.says_thin, states["THIN"]
                yield rule, "UNKNOWN", rule.says_unknown, states["UNKNOWN"]

    # -- Questions about all fillings: beyond one formula, but not beyond the diagram

    def _answer_reachable(self) -> Iterator[Refutation]:
        def stray(path: int, reached: int) -> int:
            return int(ALL_PATHS[path] != UNDETERMINED and not reached >> path & 1)

        yield from self._strays(stray, "no complete filling leads to the path recommended")

    def _nothing_asked_in_vain(self) -> Iterator[Refutation]:
        def stray(path: int, reached: int) -> int:
            return int(reached & (reached - 1) == 0 and reached != 1 << path)

        yield from self._strays(stray, "all complete fillings lead to another path")

    def _strays(self, stray: Callable[[int, int], int], what: str) -> Iterator[Refutation]:
        space = self._engine.space
        if space is None:
            raise _OutOfTimeError
        self._queries += 1
        diagrams = space.diagrams
        found = diagrams.combine(stray, space.path, reached(space, complete=True))
        position = _position(space, found)
        if position is not None:
            yield self._shown(what, _facts_at(space, position))

    # -- What these rules promise

    def _implication(self, goal: Implication) -> Iterator[Refutation]:
        given, then = self._rules.truth(goal.given)[0], self._rules.truth(goal.then)[0]

        variables = self._rules.variables
        if goal.complete:
            given = all_of([given, *(each.known for each in variables.values())])

        def shows(seen: Observation) -> bool:
            if goal.complete and seen.outcome.facts.keys() != variables.keys():
                return False
            return truth_of(goal.given, seen) is True and truth_of(goal.then, seen) is not True

        what = "what is given holds, what should follow does not"
        profile = self._profile(what, z3.And(given, z3.Not(then)), shows)
        if profile is not None:
            yield self._shown(what, profile)

    def _monotone(self, goal: Monotone) -> Iterator[Refutation]:
        rules = self._rules
        pairs, limits = other_values(rules, [goal.raising])
        (known, other_known), (value, other_value) = pairs
        raised = all_of([*limits, known, other_known, other_value > value])

        def after(formula: Term) -> Term:
            return z3.substitute(formula, *pairs)

        for path in goal.fit:
            points = rules.points[path]
            yield from self._pair(
                f"a higher {goal.raising} lowers the fit of {path}",
                goal.raising,
                z3.And(raised, after(points) < points),
                functools.partial(_fit_falls, self._ruleset, path),
            )
        for path in goal.open:
            yes, no = rules.open_now(path)
            lost = z3.And(yes, z3.Not(after(yes)))
            closed = z3.And(z3.Not(no), after(no))
            yield from self._pair(
                f"a higher {goal.raising} closes {path}",
                goal.raising,
                z3.And(raised, z3.Or(lost, closed)),
                functools.partial(_closes, self._ruleset, path),
            )
        for path in goal.answer:
            here = rules.path_is(path)
            yield from self._pair(
                f"a higher {goal.raising} moves the answer away from {path}",
                goal.raising,
                z3.And(raised, here, z3.Not(after(here))),
                functools.partial(_leaves, path),
            )

    def _pair(
        self,
        what: str,
        field: str,
        formula: Formula,
        shows: Callable[[Observation, Observation], bool],
    ) -> Iterator[Refutation]:
        """A profile and the same with one number higher."""
        model = self._model(formula)
        if model is None:
            return
        pairs, _ = other_values(self._rules, [field])
        higher = SmtRules.read_value(self._rules.variables[field], pairs, model)

        def shown(facts: Facts) -> bool:
            if field not in facts:
                return False
            return shows(self._observe(facts), self._observe({**facts, field: higher}))

        profile = confirmed(self._rules.facts(model), shown, what)
        yield self._shown(what, profile, {**profile, field: higher})

    def _irrelevance(self, goal: Irrelevance) -> Iterator[Refutation]:
        for field in goal.fields:
            pairs, limits = other_values(self._rules, [field])
            moved = z3.substitute(self._rules.path, *pairs) != self._rules.path
            model = self._model(*limits, moved)
            if model is None:
                continue
            what = f"{field} moves the path"
            one, variable = self._rules.facts(model), self._rules.variables[field]
            sides = [{field: one.pop(field)} if field in one else {}]
            given = z3.is_true(model.eval(pairs[0][1]))
            sides.append({field: SmtRules.read_value(variable, pairs, model)} if given else {})
            yield self._shown_apart(what, one, sides)

    def _shown_apart(self, what: str, facts: Facts, sides: Sequence[Facts]) -> Refutation:
        """A profile whose path differs by which side is added, as small as that takes."""

        def shown(each: Facts) -> bool:
            paths = {self._observe({**each, **side}).outcome.verdict.path for side in sides}
            return len(paths) > 1

        smallest = confirmed(facts, shown, what)
        return self._shown(what, *({**smallest, **side} for side in sides))


def _never(condition: Condition) -> bool:
    return condition == AnyOf(())


def _has(rule: Rule, state: str, seen: Observation) -> bool:
    if isinstance(rule, SignalRule):
        return seen.outcome.signals[rule.signal] == state
    if isinstance(rule, RoundRule):
        return seen.rounds[rule.id] == state
    return rule.id in seen.fired


def _concludes(rule: Rule, seen: Observation) -> bool:
    return rule.id in seen.concluding


def _shows_hole(rule: Rule, state: str | None, hole: str, seen: Observation) -> bool:
    said = state is None or _has(rule, state, seen)
    return said and hole not in seen.outcome.facts


def _points(ruleset: Ruleset, path: str, seen: Observation) -> int:
    met = seen.outcome.met
    return sum(rule.points for rule in ruleset.fits if path in rule.paths and rule.id in met)


def _fit_falls(ruleset: Ruleset, path: str, one: Observation, other: Observation) -> bool:
    return _points(ruleset, path, other) < _points(ruleset, path, one)


def _closes(ruleset: Ruleset, path: str, one: Observation, other: Observation) -> bool:
    signal = ruleset.paths[path].open_signal
    before, after = one.outcome.signals[signal], other.outcome.signals[signal]
    return before != after and (before == "YES" or after == "NO")


def _leaves(path: str, one: Observation, other: Observation) -> bool:
    return one.outcome.verdict.path == path != other.outcome.verdict.path


def _position(space: DecisionSpace, ref: Ref) -> tuple[int, ...] | None:
    """A position where a function is YES; None if there is none."""
    if ref == leaf(0):
        return None
    diagrams = space.diagrams
    position = [ABSENT] * len(space.fields)
    while ref != YES:
        children = diagrams.children[ref]
        # Reduced as it is, every node but NO leads to YES somewhere.
        value = next(i for i, child in enumerate(children) if child != leaf(0))
        position[diagrams.levels[ref]] = value
        ref = children[value]
    return tuple(position)


def _facts_at(space: DecisionSpace, position: tuple[int, ...]) -> Facts:
    return {
        field: cells.sample(value - 1)
        for field, cells, value in zip(space.fields, space.cells, position, strict=True)
        if value != ABSENT
    }
