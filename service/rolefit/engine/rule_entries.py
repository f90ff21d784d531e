"""Writes a rule as the contract's RuleEntry, in readable form."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from rolefit.engine.answer_parts import STRENGTHS
from rolefit.engine.checks import conditions_of
from rolefit.engine.condition_text import condition_text, indented
from rolefit.engine.conditions import (
    ANSWER_PATH,
    NEVER,
    Condition,
    Not,
    Test,
)
from rolefit.engine.ruleset import (
    ALL_PATHS,
    FindingRule,
    FitRule,
    ItemRule,
    PayNoteRule,
    RoundRule,
    Rule,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.templates import Template
from rolefit.v1 import catalogue_pb2 as pb
from rolefit.v1 import path_pb2

_LAYERS: dict[type[Rule], pb.RuleLayer.ValueType] = {
    SignalRule: pb.RULE_LAYER_SIGNAL,
    FindingRule: pb.RULE_LAYER_FINDING,
    FitRule: pb.RULE_LAYER_FIT,
    VerdictRule: pb.RULE_LAYER_VERDICT,
    StatementRule: pb.RULE_LAYER_STATEMENT,
    PayNoteRule: pb.RULE_LAYER_STATEMENT,
    ItemRule: pb.RULE_LAYER_PREPARATION,
    RoundRule: pb.RULE_LAYER_PREPARATION,
}


def rule_entry(rule: Rule) -> pb.RuleEntry:
    """The rule in readable form."""
    no_when = rule.no_when if isinstance(rule, SignalRule) else None
    return pb.RuleEntry(
        id=rule.id,
        layer=_LAYERS[type(rule)],
        concludes=concludes(rule),
        paths=[path_pb2.Path.Value(f"PATH_{path}") for path in paths_of(rule)],
        condition=_condition(rule),
        no_condition="" if no_when is None else condition_text(no_when),
        sentences=_sentences(rule),
        claims=rule.claims,
        strength=STRENGTHS[rule.strength],
        convention=rule.convention,
        source=f"{rule.file}:{rule.line}",
    )


def concludes(rule: Rule) -> str:
    """What a rule concludes, in the words of the rule language: "ML_ENGINEER +2"."""
    if isinstance(rule, SignalRule):
        return rule.signal
    if isinstance(rule, FindingRule):
        return rule.code
    if isinstance(rule, FitRule):
        return f"{', '.join(rule.paths)} {rule.points:+d}"
    if isinstance(rule, VerdictRule):
        return rule.path
    if isinstance(rule, StatementRule):
        return f"{rule.topic} {rule.value}"
    if isinstance(rule, PayNoteRule):
        return f"pay note {rule.kind}"
    if isinstance(rule, ItemRule):
        return f"{rule.topic} {rule.path}"
    if isinstance(rule, RoundRule):
        return f"round {rule.path}: {rule.title}"
    raise TypeError(f"no words for what a {type(rule).__name__} concludes")


def paths_of(rule: Rule) -> list[str]:
    """The paths a rule speaks of: those it concludes, and those it wants as the answer."""
    if isinstance(rule, FitRule):
        concluded = set(rule.paths)
    elif isinstance(rule, VerdictRule | ItemRule | RoundRule):
        concluded = {rule.path}
    else:
        concluded = set()
    wanted = {path for condition in conditions_of(rule) for path in _answers(condition)}
    return [path for path in ALL_PATHS if path in concluded | wanted]


def _answers(condition: Condition, negated: bool = False) -> Iterator[str]:
    """Paths of which a condition says that they must, or may, be the answer."""
    if isinstance(condition, Test):
        test = condition.negated() if negated else condition
        if test.subject == ANSWER_PATH and test.op == "is" and isinstance(test.operand, tuple):
            yield from test.operand
    elif isinstance(condition, Not):
        yield from _answers(condition.part, not negated)
    else:
        for part in condition.parts:
            yield from _answers(part, negated)


def _condition(rule: Rule) -> str:
    if not isinstance(rule, RoundRule):
        return condition_text(rule.when)
    parts = {
        "when": rule.when,
        "missing_when": rule.missing_when,
        "thin_when": rule.thin_when,
    }
    return "\n".join(
        f"{name}\n{indented(condition_text(condition))}"
        for name, condition in parts.items()
        if condition != NEVER
    )


def _sentences(rule: Rule) -> list[str]:
    """Every sentence the rule can say, in the order of its class."""
    values = (getattr(rule, field.name) for field in dataclasses.fields(rule))
    return [value.text for value in values if isinstance(value, Template)]
