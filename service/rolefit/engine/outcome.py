"""Runs a compiled rule set over the facts of one profile, layer by layer."""

from __future__ import annotations

import collections
from dataclasses import dataclass

from rolefit.engine.compilation import (
    MET,
    MISSING,
    NEVER_NO,
    NEVER_YES,
    REFUTED,
    THIN,
    Alternative,
    Program,
)
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.open_facts import UNKNOWN
from rolefit.engine.projection import Properties, property_name
from rolefit.engine.ruleset import Ruleset, SignalRule, VerdictRule
from rolefit.engine.verdict import Verdict, conclude

Sessions = dict[str, LayerSession]
ByRule = dict[str, tuple[Alternative, ...]]


@dataclass(frozen=True)
class Outcome:
    """What the rules made of a profile.

    Attributes:
        facts: The known fields.
        signals: YES, NO or UNKNOWN for every signal, in the order derived.
        lasting: The same, but UNKNOWN where filling in absent fields could turn a signal
            that verdicts rest on, even into a disagreement of facts.
        met: Alternatives of true conditions, by rule id, in file order.
        refuted: Alternatives that make a signal NO or rule a verdict out, by rule id.
        verdict: The conclusion.
        properties: What the rules engine saw, signals included.
    """

    facts: Facts
    signals: dict[str, str]
    lasting: dict[str, str]
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


@dataclass(frozen=True)
class _Signals:
    """One derivation of the signals.

    `settled` is False if a signal with conditions of its own for YES and for NO is known
    now, yet filling in absent fields could make the facts disagree on it. `disputable` is
    True if for some signal both conditions can still come true.
    """

    values: dict[str, str]
    properties: Properties
    settled: bool
    disputable: bool


def run_rules(ruleset: Ruleset, program: Program, sessions: Sessions, facts: Facts) -> Outcome:
    """Fires every layer; `sessions` holds one for each layer of the program by name.

    Raises:
        InferenceError: The rules engine failed.
    """
    seen = program.projection.project(facts)
    met: ByRule = {}
    refuted: ByRule = {}
    signals = _derive_signals(program, sessions, seen, met, refuted, lasting=False)
    findings = _fire(sessions[program.findings.name], signals.properties)
    verdicts = _fire(sessions[program.verdict.name], signals.properties)
    lasting, lasting_verdicts = signals, verdicts
    if not signals.settled:
        # What is certain may rest only on signals that no filling can turn over.
        lasting = _derive_signals(program, sessions, seen, {}, {}, lasting=True)
        lasting_verdicts = _fire(sessions[program.verdict.name], lasting.properties)
    for fired in (findings, verdicts):
        met.update(fired[MET])
        refuted.update(fired[REFUTED])
    verdict = conclude(
        ruleset.verdicts,
        verdicts[MET].keys(),
        lasting_verdicts[MET].keys(),
        lasting_verdicts[REFUTED].keys(),
        signals.disputable,
    )
    answer = program.answer_properties(verdict.path, verdict.certainty)
    met.update(_fire(sessions[program.advice.name], {**signals.properties, **answer})[MET])
    return Outcome(
        facts, signals.values, lasting.values, met, refuted, verdict, signals.properties
    )


def run_verdict(
    ruleset: Ruleset, program: Program, sessions: Sessions, facts: Facts
) -> VerdictRule:
    """The verdict rule that concludes, without anything else that an outcome holds.

    Raises:
        InferenceError: The rules engine failed.
    """
    seen = program.projection.project(facts)
    signals = _derive_signals(program, sessions, seen, {}, {}, lasting=False)
    true = _fire(sessions[program.verdict.name], signals.properties)[MET]
    return next(rule for rule in ruleset.verdicts if rule.id in true)


def run_preparation(program: Program, sessions: Sessions, outcome: Outcome) -> Readiness:
    """Fires the rules about preparation on top of an outcome.

    Raises:
        InferenceError: The rules engine failed.
    """
    fired = _fire(sessions[program.preparation.name], outcome.properties)
    return Readiness(fired[MET], fired[MISSING], fired[THIN])


def _derive_signals(
    program: Program,
    sessions: Sessions,
    seen: Properties,
    met: ByRule,
    refuted: ByRule,
    lasting: bool,
) -> _Signals:
    """Derives the signals layer by layer; `lasting` keeps only what fillings cannot turn."""
    properties = dict(seen)
    values: dict[str, str] = {}
    settled, disputable = True, False
    for layer in program.signals:
        fired = _fire(sessions[layer.name], properties)
        met.update(fired[MET])
        refuted.update(fired[REFUTED])
        for rule in layer.rules:
            assert isinstance(rule, SignalRule)
            yes, no = rule.id in fired[MET], rule.id in fired[REFUTED]
            if rule.no_when is not None and rule.signal in program.decisive:
                firm_yes = yes and rule.id in fired[NEVER_NO]
                firm_no = no and rule.id in fired[NEVER_YES]
                settled = settled and (firm_yes or firm_no or yes == no)
                both_open = not (rule.id in fired[NEVER_NO] or rule.id in fired[NEVER_YES])
                disputable = disputable or both_open
                if lasting:
                    yes, no = firm_yes, firm_no
            values[rule.signal] = UNKNOWN if yes == no else "YES" if yes else "NO"
            if yes != no:
                properties[property_name(rule.signal)] = values[rule.signal]
    return _Signals(values, properties, settled, disputable)


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
