"""An evaluator of the rule language, written from `rules/README.md` and nothing else.

It is slow and plain on purpose: three-valued logic by recursion over the condition trees,
no normal form, no projection, no rules engine. What it says, durable_rules has to say too.
"""

from __future__ import annotations

from dataclasses import dataclass

from rolefit.engine.conditions import Any, Condition, Not, Test
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset

Truth = bool | None


@dataclass(frozen=True)
class Reference:
    """What the reference evaluator finds.

    `readiness` holds READY, MISSING, THIN or UNKNOWN for every interview round by rule id.
    """

    signals: dict[str, str]
    fired: frozenset[str]
    path: str
    readiness: dict[str, str]


def evaluate(ruleset: Ruleset, facts: Facts, certainty: str) -> Reference:
    """Evaluates a rule set; `certainty` is taken as given, for rules that read it."""
    signals: dict[str, Truth] = {}
    rules = {rule.signal: rule for rule in ruleset.signals}
    answer: dict[str, str] = {}

    def signal(name: str) -> Truth:
        if name not in signals:
            rule = rules[name]
            yes = holds(rule.when)
            if rule.no_when is None:
                signals[name] = yes
            else:
                no = holds(rule.no_when)
                signals[name] = None if (yes is True) == (no is True) else yes is True
        return signals[name]

    def holds(condition: Condition) -> Truth:
        if isinstance(condition, Test):
            return tested(condition)
        if isinstance(condition, Not):
            inner = holds(condition.part)
            return None if inner is None else not inner
        parts = [holds(part) for part in condition.parts]
        decisive = isinstance(condition, Any)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive

    def tested(test: Test) -> Truth:
        if test.subject in rules:
            value = signal(test.subject)
            if test.op in ("is known", "is unknown"):
                return (value is None) == (test.op == "is unknown")
            return None if value is None else value == (test.op == "is yes")
        known = answer if test.subject in answer else facts
        if test.op in ("is known", "is unknown"):
            return (test.subject in known) == (test.op == "is known")
        if test.subject not in known:
            return None
        return compare(test, known[test.subject])

    for name in rules:
        signal(name)
    verdict = next(rule for rule in ruleset.verdicts if holds(rule.when) is True)
    answer = {"answer.path": verdict.path, "answer.certainty": certainty}
    fired = frozenset(rule.id for rule in ruleset.rules if holds(rule.when) is True)
    words = {True: "YES", False: "NO", None: "UNKNOWN"}
    readiness = {}
    for each in ruleset.rounds:
        standings = {"READY": each.when, "MISSING": each.missing_when, "THIN": each.thin_when}
        true = (name for name, condition in standings.items() if holds(condition) is True)
        readiness[each.id] = next(true, "UNKNOWN")
    named = {name: words[value] for name, value in signals.items()}
    return Reference(named, fired, verdict.path, readiness)


def compare(test: Test, value: object) -> bool:
    """Whether a test holds for a known value."""
    operand = test.operand
    if isinstance(operand, bool):
        return value is operand
    if isinstance(operand, tuple):
        if isinstance(value, frozenset):
            return {
                "has": bool(value & set(operand)),
                "lacks": not value & set(operand),
                "is empty": not value,
                "is not empty": bool(value),
            }[test.op]
        return (value in operand) == (test.op == "is")
    assert isinstance(value, int | float)
    return {
        ">=": value >= operand,
        ">": value > operand,
        "<": value < operand,
        "<=": value <= operand,
    }[test.op]
