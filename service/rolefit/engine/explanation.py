"""Explains an outcome from its trace; it infers nothing.

It says which fields a statement rests on, why the answer is not another path, and what to
ask next.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

from rolefit.engine.compilation import Alternative, Program
from rolefit.engine.conditions import Test, describe
from rolefit.engine.fillings import OpenField
from rolefit.engine.open_facts import UNKNOWN, OpenFacts, SignalSides, holds
from rolefit.engine.outcome import Outcome, verdict_alternatives
from rolefit.engine.ruleset import Ruleset, SignalRule
from rolefit.engine.templates import Template
from rolefit.engine.vocabulary import Kind

NOT_GIVEN = "not given"


@dataclasses.dataclass(frozen=True)
class FieldEvidence:
    """A field, the value seen in words, and what was asked of it in words."""

    field: str
    observed: str
    condition: str


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """A condition of a path that is not met: the signal's rule and its sentence."""

    rule: SignalRule
    template: Template
    evidence: tuple[FieldEvidence, ...]


@dataclasses.dataclass(frozen=True)
class Question:
    """An absent field whose answer could change the path, and how to ask for it."""

    about: OpenField
    words: str
    options: tuple[str, ...]


class Explainer:
    """Explains outcomes of one rule set."""

    def __init__(self, ruleset: Ruleset, program: Program):
        self.vocabulary = ruleset.vocabulary
        self.signal_rules = {rule.signal: rule for rule in ruleset.signals}
        self.sides = _signal_sides(program)
        # How the verdicts of each path can come about.
        self.ways_to: dict[str, list[Alternative]] = {}
        for rule in ruleset.verdicts:
            ways = verdict_alternatives(program, rule)
            self.ways_to.setdefault(rule.path, []).extend(ways)
        tests = {
            t for layer in program.layers for a in layer.alternatives.values() for t in a.tests
        }
        self.descriptions = {
            test: describe(test, ruleset.vocabulary)
            for test in tests
            if test.subject in ruleset.vocabulary.fields
        }

    def explain(self, outcome: Outcome) -> Explanation:
        """The explanation of one outcome."""
        return Explanation(self, outcome)


class Explanation:
    """Explains one outcome; what it has traced once it remembers."""

    def __init__(self, explainer: Explainer, outcome: Outcome):
        self._explainer = explainer
        self._outcome = outcome
        self._signal_evidence: dict[str, tuple[FieldEvidence, ...]] = {}

    def evidence(self, rule_id: str) -> tuple[FieldEvidence, ...]:
        """The fields that a rule which fired rests on, signals traced back to fields."""
        return self.evidence_of(self._outcome.met.get(rule_id, ()))

    def signal_evidence(self, signal: str) -> tuple[FieldEvidence, ...]:
        """The fields that a signal's value rests on; for UNKNOWN, the absent ones."""
        if signal not in self._signal_evidence:
            self._signal_evidence[signal] = self._trace_signal(signal)
        return self._signal_evidence[signal]

    def _trace_signal(self, signal: str) -> tuple[FieldEvidence, ...]:
        outcome = self._outcome
        rule_id = self._explainer.signal_rules[signal].id
        value = outcome.signals[signal]
        disputed = rule_id in outcome.met and rule_id in outcome.refuted
        if value == UNKNOWN and not disputed:
            return self._absent_evidence(signal)
        # A disputed signal rests on both sides.
        sides = [outcome.met] if value != "NO" else []
        sides += [outcome.refuted] if value != "YES" else []
        return self.evidence_of(a for side in sides for a in side.get(rule_id, ()))

    def evidence_of(self, alternatives: Iterable[Alternative]) -> tuple[FieldEvidence, ...]:
        """The fields that alternatives which came true rest on."""
        found: dict[str, FieldEvidence] = {}
        for alternative in alternatives:
            for test in alternative.tests:
                for item in self._test_evidence(test):
                    found.setdefault(item.field, item)
        return tuple(found.values())

    def _test_evidence(self, test: Test) -> tuple[FieldEvidence, ...]:
        if test.subject in self._outcome.signals:
            return self.signal_evidence(test.subject)
        if test not in self._explainer.descriptions:  # a test of the answer
            return ()
        observed = NOT_GIVEN
        if test.subject in self._outcome.facts:
            value = self._outcome.facts[test.subject]
            observed = self._explainer.vocabulary.value_words(test.subject, value)
        return (FieldEvidence(test.subject, observed, self._explainer.descriptions[test]),)

    def _absent_evidence(self, signal: str) -> tuple[FieldEvidence, ...]:
        found: dict[str, FieldEvidence] = {}
        for test in self._open_now.below(signal):
            condition = self._explainer.descriptions[test]
            found.setdefault(test.subject, FieldEvidence(test.subject, NOT_GIVEN, condition))
        return tuple(found.values())

    @functools.cached_property
    def _open_now(self) -> OpenFacts:
        return OpenFacts(self._explainer.sides, self._outcome.facts, self._outcome.signals)

    def obstacles(self, path: str) -> tuple[Obstacle, ...]:
        """The unmet conditions of the verdict rule that comes closest to a path.

        Empty if a rule for the path is true and only an earlier rule came first.
        """
        signals = self._outcome.signals
        unmet = (
            [test for test in alternative.tests if not holds(test, signals[test.subject])]
            for alternative in self._explainer.ways_to[path]
        )
        closest = min(unmet, key=len)
        subjects = dict.fromkeys(test.subject for test in closest)
        return tuple(
            Obstacle(
                self._explainer.signal_rules[subject],
                self._signal_sentence(subject),
                self.signal_evidence(subject),
            )
            for subject in subjects
        )

    def _signal_sentence(self, signal: str) -> Template:
        rule = self._explainer.signal_rules[signal]
        value = self._outcome.signals[signal]
        return {"YES": rule.says_yes, "NO": rule.says_no, UNKNOWN: rule.says_unknown}[value]

    def questions(self) -> tuple[Question, ...]:
        """Absent fields that could change the path, in the order to ask them."""
        return tuple(self._question(each) for each in self._outcome.verdict.open_fields)

    def _question(self, open_field: OpenField) -> Question:
        vocabulary = self._explainer.vocabulary
        field = vocabulary.fields[open_field.field]
        options = field.values if field.kind in (Kind.CHOICE, Kind.SET) else ()
        return Question(open_field, vocabulary.words[field.path].question, options)


def _signal_sides(program: Program) -> SignalSides:
    sides: dict[str, dict[str, tuple[Alternative, ...]]] = {}
    for layer in program.signals:
        for a in layer.alternatives.values():
            if isinstance(a.rule, SignalRule):
                by_side = sides.setdefault(a.rule.signal, {})
                by_side[a.side] = (*by_side.get(a.side, ()), a)
    return sides
