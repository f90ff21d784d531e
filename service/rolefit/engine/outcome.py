"""Runs a compiled rule set over the facts of one profile, group by group."""

from __future__ import annotations

import collections
from collections.abc import Mapping
from dataclasses import dataclass

from rolefit.engine.compilation import (
    MET,
    MISSING,
    REFUTED,
    THIN,
    Alternative,
    Group,
    Layer,
    Program,
)
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.open_facts import UNKNOWN
from rolefit.engine.projection import Properties, property_name
from rolefit.engine.ruleset import Ruleset, SignalRule, VerdictRule
from rolefit.engine.verdict import Judge, Verdict, first_true

Sessions = Mapping[str, LayerSession]
ByRule = dict[str, tuple[Alternative, ...]]


@dataclass(frozen=True)
class Fired:
    """What a group of rules came to.

    Attributes:
        signals: YES, NO or UNKNOWN for each of its signals, in the order derived.
        sides: For every side its true alternatives by rule id, in file order.
    """

    signals: dict[str, str]
    sides: Mapping[str, ByRule]


@dataclass(frozen=True)
class Derivation:
    """What the rules made of a profile, as far as they were fired.

    Attributes:
        facts: The known fields.
        signals: YES, NO or UNKNOWN for every signal, in the order derived.
        met: Alternatives of true conditions, by rule id, in file order.
        refuted: Alternatives that make a signal NO, by rule id.
    """

    facts: Facts
    signals: dict[str, str]
    met: ByRule
    refuted: ByRule

    def add(self, fired: Fired) -> None:
        """Notes what a further group came to."""
        self.signals.update(fired.signals)
        self.met.update(fired.sides[MET])
        self.refuted.update(fired.sides[REFUTED])


@dataclass(frozen=True)
class Outcome(Derivation):
    """What all the rules made of a profile.

    Attributes:
        verdict: The conclusion.
        properties: What the rules engine saw, signals included.
    """

    verdict: Verdict
    properties: Properties


@dataclass(frozen=True)
class Readiness:
    """What the rules about preparation made of a profile, by side and rule id."""

    ready: ByRule
    missing: ByRule
    thin: ByRule


def fire(group: Group, sessions: Sessions, properties: Properties) -> Fired:
    """Fires a group over what the rules engine sees; its signals are added to that.

    Raises:
        InferenceError: The rules engine failed.
    """
    signals: dict[str, str] = {}
    sides: dict[str, ByRule] = collections.defaultdict(dict)
    for layer in group.layers:
        _collect(layer, sessions[layer.name].fire(properties), sides)
        for rule in layer.rules:
            if isinstance(rule, SignalRule):
                yes, no = rule.id in sides[MET], rule.id in sides[REFUTED]
                # Where both hold the facts disagree.
                value = UNKNOWN if yes == no else "YES" if yes else "NO"
                signals[rule.signal] = value
                properties.update(signal_property(rule.signal, value))
    return Fired(signals, sides)


def signal_property(signal: str, value: str) -> Properties:
    """What the rules engine sees of a signal: nothing, if it is unknown."""
    return {} if value == UNKNOWN else {property_name(signal): value}


def run_rules(
    ruleset: Ruleset, program: Program, sessions: Sessions, judge: Judge, facts: Facts
) -> Outcome:
    """Fires every group; `sessions` holds one for each layer of the program by name.

    Raises:
        InferenceError: The rules engine failed, or what it concludes is not what the rules
            say by the decision diagram.
    """
    derived, properties = _derive_signals(program, sessions, facts)
    for group in program.verdicts:
        derived.add(fire(group, sessions, properties))
    verdict = judge.judge(first_true(ruleset.verdicts, derived.met.keys()), facts)
    answered = {
        **properties,
        **program.answer_properties(verdict.path, verdict.certainty),
    }
    for group in program.findings:
        derived.add(fire(group, sessions, answered))
    return Outcome(facts, derived.signals, derived.met, derived.refuted, verdict, properties)


def run_verdict(
    ruleset: Ruleset, program: Program, sessions: Sessions, facts: Facts
) -> VerdictRule:
    """The verdict rule that concludes, without anything else that an outcome holds.

    Raises:
        InferenceError: The rules engine failed.
    """
    derived, properties = _derive_signals(program, sessions, facts)
    for group in program.verdicts:
        derived.add(fire(group, sessions, properties))
    return first_true(ruleset.verdicts, derived.met.keys())


def run_preparation(program: Program, sessions: Sessions, outcome: Outcome) -> Readiness:
    """Fires the rules about preparation on top of an outcome.

    Raises:
        InferenceError: The rules engine failed.
    """
    sides = fire(program.preparation, sessions, dict(outcome.properties)).sides
    return Readiness(sides[MET], sides[MISSING], sides[THIN])


def _derive_signals(
    program: Program, sessions: Sessions, facts: Facts
) -> tuple[Derivation, Properties]:
    """Derives the signals; also returns what the rules engine then sees."""
    derived = Derivation(facts, {}, {}, {})
    properties = program.projection.project(facts)
    for group in program.signals:
        derived.add(fire(group, sessions, properties))
    return derived, properties


def _collect(layer: Layer, names: set[str], sides: dict[str, ByRule]) -> None:
    """Adds the alternatives that fired.

    They are taken in the layer's own order, so that no answer depends on the engine's agenda.
    """
    for name, alternative in layer.alternatives.items():
        if name in names:
            by_rule = sides[alternative.side]
            rule_id = alternative.rule.id
            by_rule[rule_id] = (*by_rule.get(rule_id, ()), alternative)


def verdict_alternatives(program: Program, rule: VerdictRule) -> list[Alternative]:
    """The ways in which a verdict rule's condition can be true."""
    return [
        a
        for group in program.verdicts
        for layer in group.layers
        for a in layer.alternatives.values()
        if a.rule is rule and a.side == MET
    ]
