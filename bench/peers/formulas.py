"""The rule set as formulas of ordinary two-valued logic: what every peer is translated from.

Rules reason with three values, the peers with two. What a condition needs to be *true* is a
formula of "and" and "or" over comparisons of one variable with constants, with negation
pushed into the tests, and what it needs to be *false* is another one. Nothing else is needed:
a rule fires where its condition is true, and a signal is no where it is refuted.

Variables are flat scalars, the form that suits every peer best:

- a number is itself, -1 while unknown (no field goes below 0); where fractions occur it is a
  float, unknown or not, since some peers tell 1 from 1.0;
- a flag, a membership asked of a set, a set's emptiness and a signal are 1, 0, or -1 while
  unknown;
- a choice or text is its token, `UNKNOWN_TOKEN` while unknown.

It rests on the rules and the language of conditions alone, not on the projection, compiler or
evaluator of the engine, so that a peer that agrees with the engine is evidence for both.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rolefit.engine.checks import signal_layers
from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    All,
    Condition,
    Not,
    Test,
    tests_of,
)
from rolefit.engine.ruleset import ItemRule, RoundRule, Rule, Ruleset, SignalRule
from rolefit.engine.vocabulary import Field, Kind

Scalar = int | float | str
Variables = dict[str, Scalar]

YES, NO, UNKNOWN = 1, 0, -1
UNKNOWN_TOKEN = "_"

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Literal:
    """One variable against constants: one of them, none of them, or compared with one.

    `op` is `in`, `not in`, `>=`, `>`, `<` or `<=`; the last four have one constant.
    """

    variable: str
    op: str
    constants: tuple[Scalar, ...]


@dataclass(frozen=True)
class Every:
    """True if every part is; without parts, always true."""

    parts: tuple[Formula, ...]


@dataclass(frozen=True)
class Some:
    """True if some part is; without parts, never true."""

    parts: tuple[Formula, ...]


Formula = Literal | Every | Some


@dataclass(frozen=True)
class SignalFormula:
    """A signal: yes where only `yes` holds, no where only `no` does, else unknown.

    Its rule fires where `yes` holds. `exclusive` says that both never hold.
    """

    rule: str
    variable: str
    yes: Formula
    no: Formula
    exclusive: bool


@dataclass(frozen=True)
class RuleFormula:
    """A rule that fires where `when` holds; `path` is what a verdict concludes, else empty."""

    rule: str
    when: Formula
    path: str = ""


@dataclass(frozen=True)
class Formulas:
    """A rule set as formulas, in the order of evaluation.

    Attributes:
        unknown: Every variable of fields with the value it has while unknown.
        groups: By path of a set: each variable that asks for members, with those members.
        signals: In layers: each reads fields and signals of earlier layers.
        early: Rules that read fields and signals: findings, fits, statements, pay notes.
        verdicts: The verdict rules; the first that fires concludes.
        late: Rules that also read the answer.
    """

    unknown: Variables
    groups: dict[str, dict[str, frozenset[str]]]
    signals: tuple[tuple[SignalFormula, ...], ...]
    early: tuple[RuleFormula, ...]
    verdicts: tuple[RuleFormula, ...]
    late: tuple[RuleFormula, ...]


def variable_name(subject: str, *suffix: str) -> str:
    """The variable of a field, of a membership in it, of a signal or of the answer."""
    return "__".join((subject.replace(".", "__"), *suffix))


PATH, CERTAINTY = variable_name(ANSWER_PATH), variable_name(ANSWER_CERTAINTY)


def translate(ruleset: Ruleset) -> Formulas:
    """The formulas of a rule set, preparation left out.

    Raises:
        ValueError: A test cannot be written so, because -1 is a value that it accepts.
    """
    fields = ruleset.vocabulary.fields

    def true(condition: Condition) -> Formula:
        return _formula(condition, fields, negate=False)

    tests = [t for t in _tests(ruleset) if t.subject in fields]
    early, late = _by_answer(
        [*ruleset.findings, *ruleset.fits, *ruleset.statements, *ruleset.pay_notes]
    )
    signals = tuple(
        tuple(
            SignalFormula(
                rule.id,
                variable_name(rule.signal),
                true(rule.when),
                true(Not(rule.when) if rule.no_when is None else rule.no_when),
                exclusive=rule.no_when is None,
            )
            for rule in layer
        )
        for layer in signal_layers(ruleset.signals)
    )
    return Formulas(
        unknown={_variable(t, fields): _unknown(fields[t.subject]) for t in tests},
        groups=_groups(tests),
        signals=signals,
        early=tuple(RuleFormula(rule.id, true(rule.when)) for rule in early),
        verdicts=tuple(RuleFormula(r.id, true(r.when), r.path) for r in ruleset.verdicts),
        late=tuple(RuleFormula(rule.id, true(rule.when)) for rule in late),
    )


def _by_answer(rules: Iterable[Rule]) -> tuple[list[Rule], list[Rule]]:
    early: list[Rule] = []
    late: list[Rule] = []
    for rule in rules:
        subjects = {test.subject for test in tests_of(rule.when)}
        (early if subjects.isdisjoint((ANSWER_PATH, ANSWER_CERTAINTY)) else late).append(rule)
    return early, late


def _tests(ruleset: Ruleset) -> Iterator[Test]:
    for rule in ruleset.rules:
        if not isinstance(rule, RoundRule | ItemRule):
            yield from tests_of(rule.when)
        if isinstance(rule, SignalRule) and rule.no_when is not None:
            yield from tests_of(rule.no_when)


def _groups(tests: Iterable[Test]) -> dict[str, dict[str, frozenset[str]]]:
    groups: dict[str, dict[str, frozenset[str]]] = {}
    for test in tests:
        if test.op in ("has", "lacks"):
            name = variable_name(test.subject, "has", *test.tokens)
            groups.setdefault(test.subject, {})[name] = frozenset(test.tokens)
    return groups


def _unknown(field: Field) -> Scalar:
    if field.kind in (Kind.CHOICE, Kind.TEXT):
        return UNKNOWN_TOKEN
    return float(UNKNOWN) if is_real(field) else UNKNOWN


def is_real(field: Field) -> bool:
    """Whether fractions occur in a field."""
    return field.kind is Kind.NUMBER and not field.integral


def _variable(test: Test, fields: Mapping[str, Field]) -> str:
    field = fields.get(test.subject)
    if field is None or field.kind is not Kind.SET:
        return variable_name(test.subject)
    if test.op in ("has", "lacks"):
        return variable_name(test.subject, "has", *test.tokens)
    return variable_name(test.subject, "empty")


def _formula(condition: Condition, fields: Mapping[str, Field], negate: bool) -> Formula:
    if isinstance(condition, Test):
        return _literal(condition.negated() if negate else condition, fields)
    if isinstance(condition, Not):
        return _formula(condition.part, fields, not negate)
    kind = Every if isinstance(condition, All) is not negate else Some
    parts: list[Formula] = []
    for part in condition.parts:
        formula = _formula(part, fields, negate)
        # And within and, or within or, are one.
        parts.extend(formula.parts if isinstance(formula, kind) else (formula,))
    return parts[0] if len(parts) == 1 else kind(tuple(dict.fromkeys(parts)))


def _literal(test: Test, fields: Mapping[str, Field]) -> Formula:
    name = _variable(test, fields)
    field = fields.get(test.subject)
    if field is None and test.subject not in (ANSWER_PATH, ANSWER_CERTAINTY):
        return _signal_literal(name, test.op)
    if test.op in ("is known", "is unknown"):
        assert field is not None
        return Literal(name, "in" if test.op == "is unknown" else "not in", (_unknown(field),))
    if test.op in ("has", "lacks", "is empty", "is not empty"):
        return Literal(name, "in", (YES if test.op in ("has", "is empty") else NO,))
    if isinstance(test.operand, bool):
        return Literal(name, "in", (YES if test.operand else NO,))
    if isinstance(test.operand, tuple):
        if test.op == "is":
            return Literal(name, "in", test.operand)
        # The answer is always known.
        none_of = test.operand if field is None else (*test.operand, UNKNOWN_TOKEN)
        return Literal(name, "not in", none_of)
    assert field is not None
    return _comparison(name, test.op, test.operand, field)


def _signal_literal(name: str, op: str) -> Literal:
    value = {"is yes": YES, "is no": NO, "is known": UNKNOWN, "is unknown": UNKNOWN}[op]
    return Literal(name, "not in" if op == "is known" else "in", (value,))


def _comparison(name: str, op: str, bound: float, field: Field) -> Formula:
    if field.least < 0 or bound < 0:
        raise ValueError(f"{field.path} may be below 0, where -1 stands for unknown")
    real = is_real(field)
    compared = Literal(name, op, (float(bound) if real else bound,))
    if op in (">=", ">"):
        return compared
    return Every((Literal(name, ">=", (0.0 if real else 0,)), compared))


def literals(formula: Formula) -> Iterator[Literal]:
    """Every literal in a formula."""
    if isinstance(formula, Literal):
        yield formula
    else:
        for part in formula.parts:
            yield from literals(part)


def holds(formula: Formula, variables: Mapping[str, Scalar]) -> bool:
    """Whether a formula is true; the plain reading that every translation has to equal."""
    if isinstance(formula, Every):
        return all(holds(part, variables) for part in formula.parts)
    if isinstance(formula, Some):
        return any(holds(part, variables) for part in formula.parts)
    value = variables[formula.variable]
    if formula.op in ("in", "not in"):
        return (value in formula.constants) is (formula.op == "in")
    (constant,) = formula.constants
    assert not isinstance(value, str)
    assert not isinstance(constant, str)
    return _COMPARISONS[formula.op](value, constant)


def evaluate(
    formulas: Formulas, variables: Variables, certainty: str
) -> tuple[str, frozenset[str]]:
    """The path concluded and the ids of the rules that fire, by plain evaluation."""
    values = dict(variables)
    fired: list[str] = []
    for layer in formulas.signals:
        for signal in layer:
            yes, no = holds(signal.yes, values), holds(signal.no, values)
            values[signal.variable] = UNKNOWN if yes is no else YES if yes else NO
            if yes:
                fired.append(signal.rule)
    verdicts = _firing(formulas.verdicts, values)
    values[PATH] = verdicts[0].path
    values[CERTAINTY] = certainty
    rules = (*verdicts, *_firing(formulas.early, values), *_firing(formulas.late, values))
    return verdicts[0].path, frozenset((*fired, *(rule.rule for rule in rules)))


def _firing(rules: Sequence[RuleFormula], values: Variables) -> list[RuleFormula]:
    return [rule for rule in rules if holds(rule.when, values)]


def conjunctions(formula: Formula) -> list[tuple[Literal, ...]]:
    """The formula as alternatives of conjunctions, for peers whose rules are patterns.

    A conjunction has at most one `in` of a variable, and then no `not in` of it.
    """
    if isinstance(formula, Literal):
        return [(formula,)]
    parts = [conjunctions(part) for part in formula.parts]
    if isinstance(formula, Some):
        found = [each for part in parts for each in part]
    else:
        products = itertools.product(*parts)
        merged = (_merged(itertools.chain.from_iterable(choice)) for choice in products)
        found = [each for each in merged if each is not None]
    unique = list(dict.fromkeys(found))
    sets = [frozenset(each) for each in unique]
    return [
        each
        for each, own in zip(unique, sets, strict=True)
        if not any(other < own for other in sets)
    ]


def _merged(conjunction: Iterable[Literal]) -> tuple[Literal, ...] | None:
    """The conjunction with each variable's `in` said once; None if it is never true."""
    by_variable: dict[str, list[Literal]] = {}
    for literal in dict.fromkeys(conjunction):
        by_variable.setdefault(literal.variable, []).append(literal)
    merged: list[Literal] = []
    for name, group in by_variable.items():
        choices = [each for each in group if each.op == "in"]
        if not choices:
            merged.extend(group)
            continue
        allowed = tuple(
            value
            for value in choices[0].constants
            if all(holds(each, {name: value}) for each in group)
        )
        if not allowed:
            return None
        merged.append(Literal(name, "in", allowed))
    return tuple(merged)
