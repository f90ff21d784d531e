"""A rule set as formulas, for z3 to prove things about every profile.

This is a translation of its own, made from the definition of the rule language: it shares
neither normal form nor projection nor decision diagram with the engine, so that where they
all agree, they agree for a reason. Each field is a pair, whether it is known and its value;
each condition is a pair, where it is true and where it is false.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import z3

from rolefit.engine.checks import conditions_of, signal_layers
from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    All,
    Condition,
    Not,
    Test,
    tests_of,
)
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import (
    ALL_PATHS,
    CERTAINTIES,
    PATHS,
    UNDETERMINED,
    RoundRule,
    Rule,
    Ruleset,
    SignalRule,
)
from rolefit.engine.vocabulary import FactValue, Field, Kind

# A pseudo field that only properties read: the codes found.
ANSWER_FINDINGS = "answer.findings"

# z3 has no type hints: a formula is a z3.BoolRef, a term any z3.ExprRef.
Formula: TypeAlias = Any
Term: TypeAlias = Any
Pair = tuple[Term, Term]
# Where a condition is true, and where it is false.
Truth = tuple[Formula, Formula]


@dataclass(frozen=True)
class Variable:
    """A field of a profile.

    Attributes:
        field: The field.
        known: Whether it is given.
        values: Its value: one number or flag; for a choice or a text the place of its token
            among `tokens`; for a set, whether it has each of `tokens`.
        tokens: What a choice can be, a set can have, or rules ask of a text; the place after
            the last stands for any other text.
        limits: What the contract allows.
    """

    field: Field
    known: Formula
    values: tuple[Term, ...]
    tokens: tuple[str, ...]
    limits: tuple[Formula, ...]


def make_variable(field: Field, asked: Sequence[str], suffix: str = "") -> Variable:
    """The variable of a field; `asked` are the texts that rules ask for."""
    name = f"{field.path}{suffix}"
    known = z3.Bool(f"{name}?")
    if field.kind is Kind.FLAG:
        return Variable(field, known, (z3.Bool(name),), (), ())
    if field.kind is Kind.SET:
        members = tuple(z3.Bool(f"{name}.{token}") for token in field.values)
        return Variable(field, known, members, field.values, ())
    if field.kind is Kind.NUMBER:
        number = z3.Int(name) if field.integral else z3.Real(name)
        limits = [number >= _exact(field.least)] if math.isfinite(field.least) else []
        limits += [number <= _exact(field.most)] if math.isfinite(field.most) else []
        return Variable(field, known, (number,), (), tuple(limits))
    place = z3.Int(name)
    tokens = field.values if field.kind is Kind.CHOICE else tuple(asked)
    last = len(tokens) - (field.kind is Kind.CHOICE)
    return Variable(field, known, (place,), tokens, (place >= 0, place <= last))


def _exact(number: float) -> Term:
    """The number as z3 has it: no fraction is rounded."""
    return int(number) if number == int(number) else z3.RealVal(repr(number))


class SmtRules:
    """The formulas of one rule set.

    Args:
        ruleset: The rules.
        variables: Those of the fields, if shared with another rule set.
        suffix: Tells its certainty apart from that of the other.

    Attributes:
        ruleset: The rules.
        variables: By field path.
        signals: By name, where it is YES and where it is NO.
        fired: By rule id, where its condition is true.
        concludes: By id of a verdict or a statement about seat or pay, where it is the first
            that is true.
        path: The path, by its place in ALL_PATHS.
        certainty: By its place in CERTAINTIES; free, but for UNDETERMINED, until
            `certainty_limits` says more.
        points: By path, the sum of its fit rules.
        findings: By code, where some rule finds it.
        rounds: By rule id, then by state, where an interview round has it.
        limits: What holds of every valid profile.
    """

    def __init__(
        self,
        ruleset: Ruleset,
        variables: dict[str, Variable] | None = None,
        suffix: str = "",
    ):
        self.ruleset = ruleset
        self.variables = variables or variables_of([ruleset])
        self.limits = [limit for each in self.variables.values() for limit in each.limits]
        self.signals: dict[str, Truth] = {}
        for layer in signal_layers(ruleset.signals):
            for rule in layer:
                self.signals[rule.signal] = self._signal(rule)
        self.certainty = z3.Int(f"{ANSWER_CERTAINTY}{suffix}")
        self.path: Term = z3.IntVal(ALL_PATHS.index(UNDETERMINED))
        self.fired = {rule.id: self.truth(rule.when)[0] for rule in ruleset.verdicts}
        for verdict in reversed(ruleset.verdicts):
            concluded = z3.IntVal(ALL_PATHS.index(verdict.path))
            self.path = z3.If(self.fired[verdict.id], concluded, self.path)
        last = CERTAINTIES.index(UNDETERMINED)
        self.limits.append(z3.And(self.certainty >= 0, self.certainty <= last))
        self.limits.append((self.certainty == last) == self.path_is(UNDETERMINED))
        self.fired |= {rule.id: self.truth(rule.when)[0] for rule in ruleset.rules}
        self.concludes = self._concluding()
        self.points = {path: self._points(path) for path in PATHS}
        self.findings = {
            code: any_of(self.fired[r.id] for r in ruleset.findings if r.code == code)
            for code in ruleset.codes
        }
        self.rounds = {rule.id: self._states(rule) for rule in ruleset.rounds}

    def path_is(self, *paths: str) -> Formula:
        """Where one of these is the answer."""
        return any_of(self.path == ALL_PATHS.index(path) for path in paths)

    def open_now(self, path: str) -> Truth:
        """Where a path is open now, and where it is not."""
        signal = self.ruleset.paths[path].open_signal
        return self.signals[signal] if signal else (z3.BoolVal(True), z3.BoolVal(False))

    def truth(self, condition: Condition) -> Truth:
        """Where a condition is true, and where it is false."""
        if isinstance(condition, Test):
            return self._test_truth(condition)
        if isinstance(condition, Not):
            true, false = self.truth(condition.part)
            return false, true
        parts = [self.truth(part) for part in condition.parts]
        if isinstance(condition, All):
            return all_of(t for t, _ in parts), any_of(f for _, f in parts)
        return any_of(t for t, _ in parts), all_of(f for _, f in parts)

    def pinned(self, facts: Facts) -> list[Formula]:
        """Formulas that hold for the profile with these facts alone."""
        pins: list[Formula] = []
        for path, variable in self.variables.items():
            if path in facts:
                pins += [variable.known, *_equal(variable, facts[path])]
            else:
                pins.append(z3.Not(variable.known))
        return pins

    def substitution(self, facts: Facts) -> list[Pair]:
        """What to put for the variables so that formulas speak of one profile."""
        pairs: list[Pair] = []
        for path, variable in self.variables.items():
            pairs.append((variable.known, z3.BoolVal(path in facts)))
            if path in facts:
                pairs += zip(variable.values, _constants(variable, facts[path]), strict=True)
        return pairs

    def facts(self, model: Any) -> Facts:
        """The profile that a model describes; what the model leaves open is absent."""
        facts: Facts = {}
        for path, variable in self.variables.items():
            if z3.is_true(model.eval(variable.known)):
                facts[path] = _value(variable, model)
        return facts

    @staticmethod
    def read_value(variable: Variable, pairs: list[Pair], model: Any) -> FactValue:
        """The value of a field in the second profile of `other_values`."""
        second = dataclasses.replace(variable, values=tuple(pair[1] for pair in pairs[1:]))
        return _value(second, model)

    def _signal(self, rule: SignalRule) -> Truth:
        yes, no = self.truth(rule.when)
        if rule.no_when is None:
            return yes, no
        no, _ = self.truth(rule.no_when)
        return z3.And(yes, z3.Not(no)), z3.And(no, z3.Not(yes))

    def _test_truth(self, test: Test) -> Truth:
        if test.subject == ANSWER_FINDINGS:
            holds = any_of(self.findings[code] for code in test.tokens)
            return _either_way(holds if test.op == "has" else z3.Not(holds))
        if test.subject in (ANSWER_PATH, ANSWER_CERTAINTY):
            return _either_way(self._answer_holds(test))
        if test.subject in self.signals:
            yes, no = self.signals[test.subject]
            known = z3.Or(yes, no)
        else:
            variable = self.variables[test.subject]
            known = variable.known
            if test.op not in ("is known", "is unknown"):
                holds = _holds(test, variable)
                return z3.And(known, holds), z3.And(known, z3.Not(holds))
            yes = no = known
        if test.op in ("is known", "is unknown"):
            return _either_way(known if test.op == "is known" else z3.Not(known))
        return (no, yes) if test.op == "is no" else (yes, no)

    def _answer_holds(self, test: Test) -> Formula:
        subject, names = (
            (self.path, ALL_PATHS)
            if test.subject == ANSWER_PATH
            else (self.certainty, CERTAINTIES)
        )
        holds = any_of(subject == names.index(token) for token in test.tokens)
        return holds if test.op == "is" else z3.Not(holds)

    def _concluding(self) -> dict[str, Formula]:
        groups: dict[str, list[Rule]] = {"": [*self.ruleset.verdicts]}
        for statement in self.ruleset.statements:
            groups.setdefault(statement.topic, []).append(statement)
        first = {}
        for rules in groups.values():
            for i, rule in enumerate(rules):
                earlier = any_of(self.fired[each.id] for each in rules[:i])
                first[rule.id] = z3.And(self.fired[rule.id], z3.Not(earlier))
        return first

    def _points(self, path: str) -> Term:
        rules = [rule for rule in self.ruleset.fits if path in rule.paths]
        return z3.Sum([z3.IntVal(0), *(z3.If(self.fired[r.id], r.points, 0) for r in rules)])

    def _states(self, rule: RoundRule) -> dict[str, Formula]:
        conditions = {"READY": rule.when, "MISSING": rule.missing_when, "THIN": rule.thin_when}
        states: dict[str, Formula] = {}
        earlier: Formula = z3.BoolVal(False)
        for state, condition in conditions.items():
            true = self.truth(condition)[0]
            states[state] = z3.And(true, z3.Not(earlier))
            earlier = z3.Or(earlier, true)
        states["UNKNOWN"] = z3.Not(earlier)
        return states


def variables_of(rulesets: Iterable[Ruleset], suffix: str = "") -> dict[str, Variable]:
    """The variables of the fields, fit for all of these rule sets together."""
    rulesets = list(rulesets)
    asked: dict[str, dict[str, None]] = {}
    for ruleset in rulesets:
        for test in _tests(ruleset):
            asked.setdefault(test.subject, {}).update(dict.fromkeys(test.tokens))
    fields = rulesets[0].vocabulary.fields
    return {
        path: make_variable(field, tuple(asked.get(path, ())), suffix)
        for path, field in fields.items()
    }


def other_values(rules: SmtRules, fields: Iterable[str]) -> tuple[list[Pair], list[Formula]]:
    """Variables of a second profile that differs in these fields alone.

    Returns:
        What to substitute in a formula so that it speaks of the second profile, and what the
        contract allows there.
    """
    pairs: list[Pair] = []
    limits: list[Formula] = []
    for path in fields:
        first = rules.variables[path]
        asked = first.tokens if first.field.kind is Kind.TEXT else ()
        second = make_variable(first.field, asked, suffix="'")
        pairs.append((first.known, second.known))
        pairs += zip(first.values, second.values, strict=True)
        limits += second.limits
    return pairs, limits


def all_of(parts: Iterable[Formula]) -> Formula:
    """Where every part holds."""
    return z3.And(list(parts))


def any_of(parts: Iterable[Formula]) -> Formula:
    """Where some part holds."""
    return z3.Or(list(parts))


def _tests(ruleset: Ruleset) -> Iterator[Test]:
    for rule in ruleset.rules:
        for condition in conditions_of(rule):
            yield from tests_of(condition)


def _either_way(holds: Formula) -> Truth:
    return holds, z3.Not(holds)


def _holds(test: Test, variable: Variable) -> Formula:
    """Whether a test holds for the value of a known field."""
    operand, values = test.operand, variable.values
    if isinstance(operand, bool):
        return values[0] == operand
    if variable.field.kind is Kind.SET:
        if test.op in ("is empty", "is not empty"):
            some = any_of(values)
            return some if test.op == "is not empty" else z3.Not(some)
        has = any_of(values[variable.tokens.index(token)] for token in test.tokens)
        return has if test.op == "has" else z3.Not(has)
    if isinstance(operand, tuple):
        one = any_of(values[0] == variable.tokens.index(token) for token in operand)
        return one if test.op == "is" else z3.Not(one)
    number, bound = values[0], _exact(operand)
    compared = {
        ">=": number >= bound,
        ">": number > bound,
        "<": number < bound,
        "<=": number <= bound,
    }
    return compared[test.op]


def _constants(variable: Variable, value: FactValue) -> list[Term]:
    kind = variable.field.kind
    if isinstance(value, frozenset):
        return [z3.BoolVal(token in value) for token in variable.tokens]
    if kind is Kind.FLAG:
        return [z3.BoolVal(bool(value))]
    if kind is Kind.NUMBER:
        assert isinstance(value, int | float)
        integral = variable.field.integral
        return [z3.IntVal(int(value)) if integral else z3.RealVal(repr(value))]
    tokens = variable.tokens
    return [z3.IntVal(tokens.index(str(value)) if value in tokens else len(tokens))]


def _equal(variable: Variable, value: FactValue) -> list[Formula]:
    constants = _constants(variable, value)
    return [a == b for a, b in zip(variable.values, constants, strict=True)]


def _value(variable: Variable, model: Any) -> FactValue:
    read = [model.eval(value, model_completion=True) for value in variable.values]
    kind = variable.field.kind
    if kind is Kind.SET:
        flags = zip(variable.tokens, read, strict=True)
        return frozenset(token for token, flag in flags if z3.is_true(flag))
    if kind is Kind.FLAG:
        return bool(z3.is_true(read[0]))
    if kind is Kind.NUMBER:
        return _number(variable, read[0])
    place = int(read[0].as_long())
    if place < len(variable.tokens):
        return variable.tokens[place]
    return _other_text(variable)


def _number(variable: Variable, read: Term) -> int | float:
    if variable.field.integral:
        return int(read.as_long())
    return float(read.as_fraction())


def _other_text(variable: Variable) -> str:
    """A text that no rule asks for. Country codes are the only texts of the contract."""
    letters = "ZYXWVUTSRQPONMLKJIHGFEDCBA"
    codes = (a + b for a in letters for b in letters)
    return next(code for code in codes if code not in variable.tokens)
