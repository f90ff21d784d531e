"""Explains what was derived from its trace; it infers nothing.

It says which fields a statement rests on, and why the answer is not another path.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

from rolefit.engine.compilation import Alternative, Program
from rolefit.engine.conditions import Test
from rolefit.engine.open_facts import UNKNOWN, OpenFacts, SignalSides, holds
from rolefit.engine.outcome import Derivation, verdict_alternatives
from rolefit.engine.ruleset import Ruleset, SignalRule

# Tests of fields, one for each field that something rests on.
Evidence = tuple[Test, ...]


class Explainer:
    """Explains what one rule set derives."""

    def __init__(self, ruleset: Ruleset, program: Program):
        self.fields = ruleset.vocabulary.fields
        self.signal_rules = {rule.signal: rule for rule in ruleset.signals}
        self.sides = _signal_sides(program)
        # How the verdicts of each path can come about.
        self.ways_to: dict[str, list[Alternative]] = {}
        for rule in ruleset.verdicts:
            ways = verdict_alternatives(program, rule)
            self.ways_to.setdefault(rule.path, []).extend(ways)

    def explain(self, derivation: Derivation) -> Explanation:
        """The explanation of what was derived from one profile."""
        return Explanation(self, derivation)

    def unmet(self, path: str, signals: Mapping[str, str]) -> tuple[str, ...]:
        """Signals that fail the verdict rule which comes closest to a path.

        Empty if a rule for the path is true and only an earlier rule came first.
        """
        unmet = (
            [test for test in alternative.tests if not holds(test, signals[test.subject])]
            for alternative in self.ways_to[path]
        )
        return tuple(dict.fromkeys(test.subject for test in min(unmet, key=len)))

    def evidence_of(
        self,
        alternatives: Iterable[Alternative],
        signal_evidence: Callable[[str], Evidence],
    ) -> Evidence:
        """What alternatives which came true rest on, given what signals rest on."""
        tests = (test for alternative in alternatives for test in alternative.tests)
        shown: list[Test] = []
        for test in tests:
            if test.subject in self.signal_rules:
                shown += signal_evidence(test.subject)
            elif test.subject in self.fields:  # the answer is no field of the profile
                shown.append(test)
        return _one_each(shown)


class Explanation:
    """Explains one derivation; what it has traced once it remembers."""

    def __init__(self, explainer: Explainer, derivation: Derivation):
        self._explainer = explainer
        self._derivation = derivation
        self._signal_evidence: dict[str, Evidence] = {}

    def signal_evidence(self, signal: str) -> Evidence:
        """What a signal's value rests on; for UNKNOWN, tests of the absent fields."""
        if signal not in self._signal_evidence:
            self._signal_evidence[signal] = self._trace_signal(signal)
        return self._signal_evidence[signal]

    def _trace_signal(self, signal: str) -> Evidence:
        derivation = self._derivation
        rule_id = self._explainer.signal_rules[signal].id
        value = derivation.signals[signal]
        disputed = rule_id in derivation.met and rule_id in derivation.refuted
        if value == UNKNOWN and not disputed:
            return self.open_below(signal)
        # A disputed signal rests on both sides.
        sides = [derivation.met] if value != "NO" else []
        sides += [derivation.refuted] if value != "YES" else []
        return self.evidence_of(a for side in sides for a in side.get(rule_id, ()))

    def open_below(self, signal: str) -> Evidence:
        """Tests of the absent fields that keep a signal unknown."""
        return _one_each(self._open_now.below(signal))

    def evidence_of(self, alternatives: Iterable[Alternative]) -> Evidence:
        """What alternatives which came true rest on."""
        return self._explainer.evidence_of(alternatives, self.signal_evidence)

    @functools.cached_property
    def _open_now(self) -> OpenFacts:
        derivation = self._derivation
        return OpenFacts(self._explainer.sides, derivation.facts, derivation.signals)


def _one_each(tests: Iterable[Test]) -> Evidence:
    """The first test of every field."""
    found: dict[str, Test] = {}
    for test in tests:
        found.setdefault(test.subject, test)
    return tuple(found.values())


def _signal_sides(program: Program) -> SignalSides:
    sides: dict[str, dict[str, tuple[Alternative, ...]]] = {}
    layers = (layer for group in program.signals for layer in group.layers)
    for a in (a for layer in layers for a in layer.alternatives.values()):
        if isinstance(a.rule, SignalRule):
            by_side = sides.setdefault(a.rule.signal, {})
            by_side[a.side] = (*by_side.get(a.side, ()), a)
    return sides
