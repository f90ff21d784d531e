"""Where an answer would miss a rule, as a formula.

What counts depends on the kind of rule: the path for a verdict, the codes found for a
finding, the fit of a path for a fit, any other rule's firing for a signal.
"""

from __future__ import annotations

import dataclasses

import z3

from rolefit.engine.conditions import NEVER
from rolefit.engine.ruleset import (
    FindingRule,
    FitRule,
    Rule,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.verification.smt import Formula, SmtRules, Term, any_of


def missed(rules: SmtRules, rule: Rule) -> Formula:
    """Where the answer would be another one without the rule."""
    ruleset, fired = rules.ruleset, rules.fired[rule.id]
    if isinstance(rule, VerdictRule):
        return _verdict_missed(rules, rule)
    if isinstance(rule, FindingRule):
        same = [r for r in ruleset.findings if r.code == rule.code and r is not rule]
        return z3.And(fired, z3.Not(any_of(rules.fired[other.id] for other in same)))
    if isinstance(rule, FitRule):
        return any_of(_fit_differs(rules, rule, path) for path in rule.paths)
    if isinstance(rule, SignalRule):
        return _signal_missed(rules, rule)
    return rules.concludes[rule.id] if isinstance(rule, StatementRule) else fired


def _verdict_missed(rules: SmtRules, rule: VerdictRule) -> Formula:
    verdicts = rules.ruleset.verdicts
    if rule is verdicts[-1]:
        return rules.concludes[rule.id]
    others = tuple(each for each in verdicts if each is not rule)
    ruleset = dataclasses.replace(rules.ruleset, verdicts=others)
    return rules.path != SmtRules(ruleset, rules.variables).path


def _fit_differs(rules: SmtRules, rule: FitRule, path: str) -> Formula:
    others = [r for r in rules.ruleset.fits if path in r.paths and r is not rule]
    alone = z3.Not(any_of(rules.fired[other.id] for other in others))
    points = rules.points[path]
    before, after = _band(rules, points), _band(rules, points - rule.points)
    return z3.And(rules.fired[rule.id], z3.Or(alone, before != after))


def _band(rules: SmtRules, points: Term) -> Term:
    bands = rules.ruleset.fit_bands
    band: Term = z3.IntVal(len(bands))
    for place, (low, _) in reversed(list(enumerate(bands))):
        band = z3.If(points >= low, place, band)
    return band


def _signal_missed(rules: SmtRules, rule: SignalRule) -> Formula:
    """Where something would differ if the signal were never known."""
    ruleset = rules.ruleset
    if any(card.open_signal == rule.signal for card in ruleset.paths.values()):
        return z3.BoolVal(True)
    mute = dataclasses.replace(rule, when=NEVER, no_when=NEVER)
    signals = tuple(mute if each is rule else each for each in ruleset.signals)
    without = SmtRules(dataclasses.replace(ruleset, signals=signals), rules.variables)
    others = (r for r in ruleset.rules if not isinstance(r, SignalRule))
    return any_of(rules.fired[r.id] != without.fired[r.id] for r in others)
