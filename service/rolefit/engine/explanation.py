"""Explains an outcome from its trace; it infers nothing.

It says which fields a statement rests on, why the answer is not another path, and what to
ask next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from rolefit.engine.compilation import Alternative, Program
from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH, Test, describe
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
    """An absent field whose answer could change the path."""

    field: str
    question: str
    options: tuple[str, ...]
    could_lead_to: tuple[str, ...]


class Explainer:
    """Explains outcomes of one rule set."""

    def __init__(self, ruleset: Ruleset, program: Program):
        self._ruleset = ruleset
        self._program = program
        self._signal_rules = {rule.signal: rule for rule in ruleset.signals}
        self._sides = _signal_sides(program)

    def evidence(
        self, alternatives: Iterable[Alternative], outcome: Outcome
    ) -> tuple[FieldEvidence, ...]:
        """The fields that true alternatives rest on, signals traced back to fields."""
        found: dict[str, FieldEvidence] = {}
        for alternative in alternatives:
            for test in alternative.tests:
                for item in self._test_evidence(test, outcome):
                    found.setdefault(item.field, item)
        return tuple(found.values())

    def signal_evidence(self, signal: str, outcome: Outcome) -> tuple[FieldEvidence, ...]:
        """The fields that a signal's value rests on; for UNKNOWN, the absent ones."""
        rule = self._signal_rules[signal]
        value = outcome.signals[signal]
        if value == UNKNOWN and not (rule.id in outcome.met and rule.id in outcome.refuted):
            return self._absent_evidence(signal, outcome)
        # A disputed signal rests on both sides.
        sides = [outcome.met] if value != "NO" else []
        sides += [outcome.refuted] if value != "YES" else []
        return self.evidence((a for side in sides for a in side.get(rule.id, ())), outcome)

    def _test_evidence(self, test: Test, outcome: Outcome) -> Iterator[FieldEvidence]:
        if test.subject in (ANSWER_PATH, ANSWER_CERTAINTY):
            return
        if test.subject in self._signal_rules:
            yield from self.signal_evidence(test.subject, outcome)
        else:
            vocabulary = self._ruleset.vocabulary
            observed = NOT_GIVEN
            if test.subject in outcome.facts:
                value = outcome.facts[test.subject]
                observed = vocabulary.value_words(test.subject, value)
            yield FieldEvidence(test.subject, observed, describe(test, vocabulary))

    def _absent_evidence(self, signal: str, outcome: Outcome) -> tuple[FieldEvidence, ...]:
        found: dict[str, FieldEvidence] = {}
        for test in OpenFacts(self._sides, outcome.facts, outcome.signals).below(signal):
            condition = describe(test, self._ruleset.vocabulary)
            found.setdefault(test.subject, FieldEvidence(test.subject, NOT_GIVEN, condition))
        return tuple(found.values())

    def obstacles(self, path: str, outcome: Outcome) -> tuple[Obstacle, ...]:
        """The unmet conditions of the verdict rule that comes closest to a path.

        Empty if a rule for the path is true and only an earlier rule came first.
        """
        best: list[Test] | None = None
        for rule in self._ruleset.verdicts:
            if rule.path != path:
                continue
            for alternative in verdict_alternatives(self._program, rule):
                unmet = [
                    t for t in alternative.tests if not holds(t, outcome.signals[t.subject])
                ]
                if best is None or len(unmet) < len(best):
                    best = unmet
        obstacles = {
            test.subject: Obstacle(
                self._signal_rules[test.subject],
                self.signal_sentence(test.subject, outcome),
                self.signal_evidence(test.subject, outcome),
            )
            for test in best or ()
        }
        return tuple(obstacles.values())

    def signal_sentence(self, signal: str, outcome: Outcome) -> Template:
        """What a signal's value says, as a sentence."""
        rule = self._signal_rules[signal]
        value = outcome.signals[signal]
        return {"YES": rule.says_yes, "NO": rule.says_no, UNKNOWN: rule.says_unknown}[value]

    def questions(self, outcome: Outcome) -> tuple[Question, ...]:
        """Absent fields that could change the path, in the order to ask them."""
        if outcome.verdict.certainty == "CERTAIN":
            return ()
        open_facts = OpenFacts(self._sides, outcome.facts, outcome.lasting)
        leads: dict[str, set[str]] = {}
        for rule in outcome.verdict.open_rules:
            for test in open_facts.tests(verdict_alternatives(self._program, rule)):
                for leaf in open_facts.below(test.subject):
                    leads.setdefault(leaf.subject, set()).add(rule.path)
        vocabulary = self._ruleset.vocabulary
        possible = outcome.verdict.possible
        questions = []
        for path in vocabulary.ask_order:
            if path in leads:
                field = vocabulary.fields[path]
                options = field.values if field.kind in (Kind.CHOICE, Kind.SET) else ()
                could = tuple(p for p in possible if p in leads[path]) or possible
                question = vocabulary.words[path].question
                questions.append(Question(path, question, options, could))
        return tuple(questions)


def _signal_sides(program: Program) -> SignalSides:
    sides: dict[str, dict[str, tuple[Alternative, ...]]] = {}
    for layer in program.signals:
        for a in layer.alternatives.values():
            if isinstance(a.rule, SignalRule):
                by_side = sides.setdefault(a.rule.signal, {})
                by_side[a.side] = (*by_side.get(a.side, ()), a)
    return sides
