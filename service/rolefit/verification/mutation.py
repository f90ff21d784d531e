"""Small changes to a rule set, each of which its tests should notice.

A mutant differs from the rules in one place. Two that amount to the same rule are one, and
one that amounts to the rule as it was is none: conditions are compared by their normal form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from rolefit.engine.checks import check_ruleset
from rolefit.engine.condition_text import condition_text
from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    All,
    Condition,
    Not,
    Test,
    alternatives,
    negated_alternatives,
    tests_of,
)
from rolefit.engine.errors import RulesetError
from rolefit.engine.ruleset import (
    ALL_PATHS,
    FindingRule,
    FitRule,
    Rule,
    Ruleset,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.vocabulary import Kind
from rolefit.verification.condition_lines import ConditionLines, named_conditions

_R = TypeVar("_R", bound=Rule)

# The groups of a rule set that hold rules.
_GROUPS = (
    *("signals", "findings", "fits", "verdicts"),
    *("statements", "pay_notes", "rounds", "items"),
)
_BOUNDARY = {">=": ">", ">": ">=", "<": "<=", "<=": "<"}


@dataclass(frozen=True)
class Mutant:
    """A rule set with one change.

    Attributes:
        operator: The sort of change, such as "shift threshold".
        rule_id: The rule changed.
        file: Where it stands, relative to the rules folder.
        line: Line of the change there.
        change: What changed, in words.
        ruleset: The rules with the change.
    """

    operator: str
    rule_id: str
    file: str
    line: int
    change: str
    ruleset: Ruleset

    @property
    def name(self) -> str:
        """The rule and the change, by which a mutant is known whatever its line."""
        return f"{self.rule_id}: {self.change}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}"


def make_mutants(ruleset: Ruleset, lines: ConditionLines) -> tuple[Mutant, ...]:
    """Makes every mutant, in the order of the rules, also those that a loader would refuse."""
    seen = {_meaning_of_rule(rule, ruleset) for rule in ruleset.rules}
    mutants = []
    for mutant in _all_mutants(ruleset, lines):
        meaning = _meaning(mutant, ruleset)
        if meaning not in seen:
            seen.add(meaning)
            mutants.append(mutant)
    return tuple(mutants)


def _all_mutants(ruleset: Ruleset, lines: ConditionLines) -> Iterator[Mutant]:
    for group in _GROUPS:
        rules: tuple[Rule, ...] = getattr(ruleset, group)
        for place, rule in enumerate(rules):
            for change in _changes(rule, ruleset, lines):
                changed = (*rules[:place], *change.rules, *rules[place + 1 :])
                yield _mutant(rule, change, _with_rules(ruleset, group, changed))
            following = rules[place + 1 : place + 2]
            if following and _order_counts(rule, following[0]):
                changed = (*rules[:place], *following, rule, *rules[place + 2 :])
                change = _Change("swap rules", f"stands after '{following[0].id}'", rule.line)
                yield _mutant(rule, change, _with_rules(ruleset, group, changed))


def _with_rules(ruleset: Ruleset, group: str, rules: tuple[Rule, ...]) -> Ruleset:
    return replace(ruleset, **{group: rules})  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Change:
    """A change to one rule, and what stands in its place."""

    operator: str
    words: str
    line: int
    rules: tuple[Rule, ...] = ()


def _mutant(rule: Rule, change: _Change, ruleset: Ruleset) -> Mutant:
    return Mutant(change.operator, rule.id, rule.file, change.line, change.words, ruleset)


def _order_counts(rule: Rule, following: Rule) -> bool:
    if isinstance(rule, StatementRule) and isinstance(following, StatementRule):
        return rule.topic == following.topic
    return isinstance(rule, VerdictRule)


def _changes(rule: Rule, ruleset: Ruleset, lines: ConditionLines) -> Iterator[_Change]:
    yield _Change("drop rule", "dropped", rule.line)
    yield from _conclusion_changes(rule, ruleset)
    for part, condition in named_conditions(rule):
        for rewrite in _rewrites(condition, 0, ruleset):
            line = lines.line(rule, part, rewrite.index)
            changed = _with_condition(rule, part, rewrite.condition)
            words = f"{part}, test {rewrite.index + 1}: {rewrite.words}"
            yield _Change(rewrite.operator, words, line, (changed,))


def _with_condition(rule: _R, part: str, condition: Condition) -> _R:
    return replace(rule, **{part: condition})  # type: ignore[arg-type]


def _conclusion_changes(rule: Rule, ruleset: Ruleset) -> Iterator[_Change]:
    if isinstance(rule, SignalRule) and rule.no_when is not None:
        changed: Rule = replace(rule, no_when=None)
        yield _Change("drop no_when", "NO wherever it is not YES", rule.line, (changed,))
    if isinstance(rule, VerdictRule):
        path = _next(rule.path, ALL_PATHS)
        changed = replace(rule, path=path)
        yield _Change("change verdict", f"concludes {path}", rule.line, (changed,))
    if isinstance(rule, FindingRule):
        code = _next(rule.code, list(ruleset.codes))
        changed = replace(rule, code=code)
        yield _Change("change code", f"gives {code}", rule.line, (changed,))
    if isinstance(rule, FitRule):
        changed = replace(rule, points=-rule.points)
        yield _Change("negate points", f"gives {-rule.points} points", rule.line, (changed,))
        if len(rule.paths) > 1:
            for path in rule.paths:
                changed = replace(rule, paths=tuple(p for p in rule.paths if p != path))
                yield _Change("drop path", f"says nothing of {path}", rule.line, (changed,))


def _next(value: str, values: Sequence[str]) -> str:
    return values[(values.index(value) + 1) % len(values)]


@dataclass(frozen=True)
class _Rewrite:
    """A changed condition, and the place of the first test that the change concerns."""

    operator: str
    words: str
    index: int
    condition: Condition


def _rewrites(condition: Condition, first: int, ruleset: Ruleset) -> Iterator[_Rewrite]:
    """Changes of a condition whose first test has the place `first` in reading order."""
    if isinstance(condition, Test):
        was = condition_text(condition)
        for operator, test in _test_changes(condition, ruleset):
            words = f"'{was}' becomes '{condition_text(test)}'"
            yield _Rewrite(operator, words, first, test)
        return
    if isinstance(condition, Not):
        for rewrite in _rewrites(condition.part, first, ruleset):
            yield replace(rewrite, condition=Not(rewrite.condition))
        return
    parts = condition.parts
    for i, part in enumerate(parts):
        rest = (parts[:i], parts[i + 1 :])
        for rewrite in _rewrites(part, first, ruleset):
            changed = (*rest[0], rewrite.condition, *rest[1])
            yield replace(rewrite, condition=type(condition)(changed))
        if len(parts) > 1:
            operator = "drop condition" if isinstance(condition, All) else "drop alternative"
            words = f"without '{' '.join(condition_text(part).split())}'"
            fewer = type(condition)((*rest[0], *rest[1]))
            yield _Rewrite(operator, words, first, fewer)
        first += sum(1 for _ in tests_of(part))


def _test_changes(test: Test, ruleset: Ruleset) -> Iterator[tuple[str, Test]]:
    if test.op in _BOUNDARY:
        yield "flip comparison", replace(test, op=_BOUNDARY[test.op])
        assert isinstance(test.operand, int | float)
        step = 1 if isinstance(test.operand, int) else 0.1
        for shift in (step, -step):
            yield "shift threshold", replace(test, operand=round(test.operand + shift, 6))
        return
    yield "negate test", test.negated()
    if len(test.tokens) > 1:
        for token in test.tokens:
            rest = tuple(each for each in test.tokens if each != token)
            yield "drop value", replace(test, operand=rest)


def is_refused(ruleset: Ruleset) -> bool:
    """Whether the loader would refuse the rules, so that they show nothing about tests."""
    try:
        check_ruleset(ruleset)
    except RulesetError:
        return True
    # The loader resolves names before it checks a set, so a dropped signal shows only here.
    known = {*ruleset.vocabulary.fields, *(rule.signal for rule in ruleset.signals)}
    known |= {ANSWER_PATH, ANSWER_CERTAINTY}
    return any(
        test.subject not in known
        for rule in ruleset.rules
        for _, condition in named_conditions(rule)
        for test in tests_of(condition)
    )


def _meaning(mutant: Mutant, original: Ruleset) -> object:
    rule = next((r for r in mutant.ruleset.rules if r.id == mutant.rule_id), None)
    if rule is None or mutant.operator == "swap rules":
        return mutant.name
    return _meaning_of_rule(rule, original)


def _meaning_of_rule(rule: Rule, ruleset: Ruleset) -> object:
    """If equal for two versions of a rule, no profile can tell them apart."""
    conditions = []
    for part, condition in named_conditions(rule):
        forms: list[object] = []
        for normal_form in (alternatives, negated_alternatives):
            try:
                ways = normal_form(condition)
            except OverflowError:
                forms.append(condition)
            else:
                cells = (frozenset(_cell(test, ruleset) for test in way) for way in ways)
                forms.append(frozenset(cells))
        conditions.append((part, *forms))
    conclusion: object = ()
    if isinstance(rule, VerdictRule):
        conclusion = rule.path
    elif isinstance(rule, FindingRule):
        conclusion = rule.code
    elif isinstance(rule, FitRule):
        conclusion = (rule.paths, rule.points)
    return rule.id, conclusion, tuple(conditions)


def _cell(test: Test, ruleset: Ruleset) -> Test:
    """A test of whole numbers as `>=` or `<`, so that `> 0` and `>= 1` are the same."""
    field = ruleset.vocabulary.fields.get(test.subject)
    if field is None or field.kind is not Kind.NUMBER or not field.integral:
        return test
    if test.op in (">", "<="):
        assert isinstance(test.operand, int)
        return replace(test, op=">=" if test.op == ">" else "<", operand=test.operand + 1)
    return test
