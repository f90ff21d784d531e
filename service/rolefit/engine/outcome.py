"""Runs a compiled rule set over the facts of one profile, layer by layer."""

from __future__ import annotations

import collections
from dataclasses import dataclass

from rolefit.engine.compilation import MET, MISSING, REFUTED, THIN, Alternative, Program
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.open_facts import UNKNOWN
from rolefit.engine.projection import Properties, property_name
from rolefit.engine.ruleset import Ruleset, SignalRule, VerdictRule
from rolefit.engine.verdict import Judge, Verdict, first_true

Sessions = dict[str, LayerSession]
ByRule = dict[str, tuple[Alternative, ...]]


@dataclass(frozen=True)
class Outcome:
    """What the rules made of a profile.

    Attributes:
        facts: The known fields.
        signals: YES, NO or UNKNOWN for every signal, in the order derived.
        met: Alternatives of true conditions, by rule id, in file order.
        refuted: Alternatives that make a signal NO, by rule id.
        verdict: The conclusion.
        properties: What the rules engine saw, signals included.
    """

    facts: Facts
    signals: dict[str, str]
    met: ByRule
    refuted: ByRule
    verdict: Verdict
    properties: Properties


@dataclass(frozen=True)
class Readiness:
    """What the rules about preparation made of a profile, by side and rule id."""

    ready: ByRule
    missing: ByRule
    thin: ByRule


def run_rules(
    ruleset: Ruleset, program: Program, sessions: Sessions, judge: Judge, facts: Facts
) -> Outcome:
    """Fires every layer; `sessions` holds one for each layer of the program by name.

    Raises:
        InferenceError: The rules engine failed, or what it concludes is not what the rules
            say by the decision diagram.
    """
    met: ByRule = {}
    refuted: ByRule = {}
    signals, properties = _derive_signals(program, sessions, facts, met, refuted)
    findings = _fire(sessions[program.findings.name], properties)
    verdicts = _fire(sessions[program.verdict.name], properties)
    met.update(findings[MET])
    met.update(verdicts[MET])
    verdict = judge.judge(first_true(ruleset.verdicts, verdicts[MET].keys()), facts)
    answer = program.answer_properties(verdict.path, verdict.certainty)
    met.update(_fire(sessions[program.advice.name], {**properties, **answer})[MET])
    return Outcome(facts, signals, met, refuted, verdict, properties)


def run_verdict(
    ruleset: Ruleset, program: Program, sessions: Sessions, facts: Facts
) -> VerdictRule:
    """The verdict rule that concludes, without anything else that an outcome holds.

    Raises:
        InferenceError: The rules engine failed.
    """
    _, properties = _derive_signals(program, sessions, facts, {}, {})
    true = _fire(sessions[program.verdict.name], properties)[MET]
    return first_true(ruleset.verdicts, true.keys())


def run_preparation(program: Program, sessions: Sessions, outcome: Outcome) -> Readiness:
    """Fires the rules about preparation on top of an outcome.

    Raises:
        InferenceError: The rules engine failed.
    """
    fired = _fire(sessions[program.preparation.name], outcome.properties)
    return Readiness(fired[MET], fired[MISSING], fired[THIN])


def _derive_signals(
    program: Program, sessions: Sessions, facts: Facts, met: ByRule, refuted: ByRule
) -> tuple[dict[str, str], Properties]:
    """Derives the signals layer by layer; also returns what the rules engine then sees."""
    properties = program.projection.project(facts)
    values: dict[str, str] = {}
    for layer in program.signals:
        fired = _fire(sessions[layer.name], properties)
        met.update(fired[MET])
        refuted.update(fired[REFUTED])
        for rule in layer.rules:
            assert isinstance(rule, SignalRule)
            yes, no = rule.id in fired[MET], rule.id in fired[REFUTED]
            # Where both hold the facts disagree.
            values[rule.signal] = UNKNOWN if yes == no else "YES" if yes else "NO"
            if yes != no:
                properties[property_name(rule.signal)] = values[rule.signal]
    return values, properties


def _fire(session: LayerSession, properties: Properties) -> dict[str, ByRule]:
    """Fired alternatives by side and rule.

    They stand in the layer's own order, so that no answer depends on the engine's agenda.
    """
    names = session.fire(properties)
    fired: dict[str, ByRule] = collections.defaultdict(dict)
    for name, alternative in session.layer.alternatives.items():
        if name in names:
            by_rule = fired[alternative.side]
            rule_id = alternative.rule.id
            by_rule[rule_id] = (*by_rule.get(rule_id, ()), alternative)
    return fired


def verdict_alternatives(program: Program, rule: VerdictRule) -> list[Alternative]:
    """The ways in which a verdict rule's condition can be true."""
    return [
        a for a in program.verdict.alternatives.values() if a.rule is rule and a.side == MET
    ]
