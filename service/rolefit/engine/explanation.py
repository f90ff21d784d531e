"""Explains an outcome from its trace; it infers nothing.

It says which fields a statement rests on, why the answer is not another path, and what to
ask next.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from rolefit.engine.compilation import MET, REFUTED, Alternative, Program
from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH, Test, describe
from rolefit.engine.facts import Facts
from rolefit.engine.outcome import UNKNOWN, Outcome, verdict_alternatives
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
        self._sides: dict[tuple[str, str], list[Alternative]] = {}
        for layer in program.signals:
            for a in layer.alternatives.values():
                self._sides.setdefault((a.rule.id, a.side), []).append(a)

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
            return self._absent_evidence(rule, outcome)
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

    def _absent_evidence(self, rule: SignalRule, outcome: Outcome) -> tuple[FieldEvidence, ...]:
        found: dict[str, FieldEvidence] = {}
        for test in self._open_tests(rule, outcome.facts, outcome.signals):
            condition = describe(test, self._ruleset.vocabulary)
            found.setdefault(test.subject, FieldEvidence(test.subject, NOT_GIVEN, condition))
        return tuple(found.values())

    def _open_tests(
        self, rule: SignalRule, facts: Facts, signals: dict[str, str]
    ) -> Iterator[Test]:
        """Tests of absent fields that keep a signal unknown."""
        for side in (MET, REFUTED):
            for test in self._open_parts(self._sides.get((rule.id, side), []), facts, signals):
                if test.subject in self._signal_rules:
                    inner = self._signal_rules[test.subject]
                    yield from self._open_tests(inner, facts, signals)
                else:
                    yield test

    def _open_parts(
        self, alternatives: Iterable[Alternative], facts: Facts, signals: dict[str, str]
    ) -> Iterator[Test]:
        """Unknown tests in those alternatives that can still come true.

        An alternative that another one covers with fewer unknown tests is left out.
        """
        parts: list[tuple[frozenset[Test], bool]] = []
        for alternative in alternatives:
            on_signals = [t for t in alternative.tests if t.subject in signals]
            on_fields = [t for t in alternative.tests if t.subject not in signals]
            unknown = frozenset(
                [
                    *(t for t in on_signals if signals[t.subject] == UNKNOWN),
                    *(t for t in on_fields if t.subject not in facts),
                ]
            )
            known = [t for t in on_signals if t not in unknown]
            if unknown and all(_met(t, signals[t.subject]) for t in known):
                # Whether a test of a known field holds is the rules engine's to say, so an
                # alternative with one may turn out false and covers no other.
                parts.append((unknown, all(t in unknown for t in on_fields)))
        for unknown, _ in parts:
            if not any(covers and other < unknown for other, covers in parts):
                yield from sorted(unknown, key=str)

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
                    t for t in alternative.tests if not _met(t, outcome.signals[t.subject])
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
        leads: dict[str, set[str]] = {}
        for rule in outcome.verdict.open_rules:
            ways = verdict_alternatives(self._program, rule)
            for test in self._open_parts(ways, outcome.facts, outcome.lasting):
                inner = self._signal_rules[test.subject]
                for leaf in self._open_tests(inner, outcome.facts, outcome.lasting):
                    leads.setdefault(leaf.subject, set()).add(rule.path)
        vocabulary = self._ruleset.vocabulary
        possible = outcome.verdict.possible
        questions = []
        for path in vocabulary.ask_order:
            if path in leads and outcome.verdict.certainty != "CERTAIN":
                field = vocabulary.fields[path]
                options = field.values if field.kind in (Kind.CHOICE, Kind.SET) else ()
                could = tuple(p for p in possible if p in leads[path]) or possible
                question = vocabulary.words[path].question
                questions.append(Question(path, question, options, could))
        return tuple(questions)


def _met(test: Test, value: str) -> bool:
    return value == {"is yes": "YES", "is no": "NO", "is unknown": UNKNOWN}.get(test.op, value)
