"""The condition language of the rules: its parts, its parser and its normal form.

A condition is a tree of `All`, `Any` and `Not` over tests. A test looks at one field, one
signal or the answer and is true, false or, where its subject is unknown, unknown. The
tests `is known` and `is unknown` are never unknown themselves.

The normal form is a list of alternatives, each a conjunction of tests without `Not`. A
conjunction is true exactly when each of its tests is, so an engine that knows only
"and" computes the three-valued "true" of any condition; "false" is the "true" of the
negated condition.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.vocabulary import FactValue, Field, Kind, Vocabulary, join_words
from rolefit.engine.yaml_source import Value, parse_number, suggest

# Wider conditions are refused: name the parts as signals instead.
MAX_ALTERNATIVES = 48

ANSWER_PATH = "answer.path"
ANSWER_CERTAINTY = "answer.certainty"

Operand = bool | int | float | tuple[str, ...]

_NEGATED = {
    "is": "is not",
    "is not": "is",
    ">=": "<",
    "<": ">=",
    ">": "<=",
    "<=": ">",
    "has": "lacks",
    "lacks": "has",
    "is empty": "is not empty",
    "is not empty": "is empty",
    "is known": "is unknown",
    "is unknown": "is known",
    "is yes": "is no",
    "is no": "is yes",
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
}
_ATOM = re.compile(
    r"(?P<subject>\S+) +"
    r"(?P<op>is not empty|is empty|is unknown|is known|is not|is|>=|<=|>|<|has|lacks)"
    r"(?: +(?P<operand>.+))?"
)


@dataclass(frozen=True)
class Test:
    """One test of one subject.

    Attributes:
        subject: A field path, a signal's name, `answer.path` or `answer.certainty`.
        op: For fields `is`, `is not`, `>=`, `>`, `<`, `<=`, `has`, `lacks`, `is empty`
            and `is not empty`; for signals `is yes` and `is no`; for both `is known` and
            `is unknown`; for the answer `is` and `is not`.
        operand: A number, a flag, or for `is`, `is not`, `has` and `lacks` the tokens of
            which one must (or none may) apply; an empty tuple where the op needs none.
    """

    __test__ = False  # not a test class, whatever pytest makes of the name

    subject: str
    op: str
    operand: Operand = ()

    def negated(self) -> Test:
        """The test that is true where this one is false."""
        if isinstance(self.operand, bool):
            return replace(self, operand=not self.operand)
        return replace(self, op=_NEGATED[self.op])

    @property
    def tokens(self) -> tuple[str, ...]:
        """The operand of `is`, `is not`, `has` and `lacks`; empty for any other."""
        return self.operand if isinstance(self.operand, tuple) else ()

    def accepts(self, value: FactValue) -> bool:
        """Whether the test of a field or of the answer holds for a known value of it."""
        operand = self.operand
        if self.op in ("is known", "is unknown"):
            return self.op == "is known"
        if isinstance(operand, bool):
            return value is operand
        if isinstance(value, frozenset):
            if self.op in ("is empty", "is not empty"):
                return bool(value) is (self.op == "is not empty")
            return value.isdisjoint(self.tokens) is (self.op == "lacks")
        if isinstance(operand, tuple):
            return (value in operand) is (self.op == "is")
        assert isinstance(value, int | float)
        return _COMPARISONS[self.op](value, operand)


@dataclass(frozen=True)
class All:
    """True if every part is; without parts, always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    """True if some part is; without parts, never true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """True if the part is false."""

    part: Condition


Condition = Test | All | Any | Not
ALWAYS: Condition = All(())
NEVER: Condition = Any(())
_CONSTANTS = {"always": ALWAYS, "never": NEVER}
Conjunction = tuple[Test, ...]


def alternatives(condition: Condition) -> list[Conjunction]:
    """The normal form of a condition; see the module's text."""
    return _absorb(_normal_form(condition, negate=False))


def negated_alternatives(condition: Condition) -> list[Conjunction]:
    """The normal form of the condition's negation."""
    return _absorb(_normal_form(condition, negate=True))


def _normal_form(condition: Condition, negate: bool) -> list[Conjunction]:
    if isinstance(condition, Test):
        return [(condition.negated() if negate else condition,)]
    if isinstance(condition, Not):
        return _normal_form(condition.part, not negate)
    parts = [_normal_form(part, negate) for part in condition.parts]
    if isinstance(condition, Any) is not negate:
        return [conjunction for part in parts for conjunction in part]
    size = 1
    for part in parts:
        size *= len(part)
    if size > 64 * MAX_ALTERNATIVES:
        raise OverflowError
    return [_merge(choice) for choice in itertools.product(*parts)]


def _merge(conjunctions: tuple[Conjunction, ...]) -> Conjunction:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(conjunctions)))


def _absorb(conjunctions: list[Conjunction]) -> list[Conjunction]:
    """Drops impossible alternatives and those that a shorter one already covers."""
    possible = [c for c in dict.fromkeys(conjunctions) if not _impossible(c)]
    sets = [frozenset(c) for c in possible]
    kept = []
    for i, conjunction in enumerate(possible):
        covered = any(
            sets[j] < sets[i] or (sets[j] == sets[i] and j < i)
            for j in range(len(sets))
            if j != i
        )
        if not covered:
            kept.append(conjunction)
    if len(kept) > MAX_ALTERNATIVES:
        raise OverflowError
    return kept


def _impossible(conjunction: Conjunction) -> bool:
    tests = set(conjunction)
    return any(test.negated() in tests for test in tests)


def tests_of(condition: Condition) -> Iterator[Test]:
    """Every test in a condition, in reading order."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests_of(condition.part)
    else:
        for part in condition.parts:
            yield from tests_of(part)


@dataclass(frozen=True)
class Names:
    """What a condition may speak of.

    Attributes:
        fields: Profile fields by path.
        signals: Names of signals.
        thresholds: Numbers by name, written `$name` in a condition.
        answers: Values of the subjects that only rules after the verdict may read.
    """

    fields: dict[str, Field]
    signals: frozenset[str]
    thresholds: dict[str, int | float]
    answers: dict[str, tuple[str, ...]]


def parse_condition(value: Value, names: Names) -> Condition:
    """Reads a condition from YAML.

    A text is one test, `always` or `never`; a list means all of its items; `{all: [...]}`,
    `{any: [...]}` and `{not: ...}` combine.

    Raises:
        RulesetError: The condition is malformed or names something unknown; it names file
            and line and says what would be valid.
    """
    if value.text is not None:
        constant = _CONSTANTS.get(value.text)
        return _parse_test(value, names) if constant is None else constant
    if value.items is not None:
        return All(_parse_parts(value, names))
    entries = value.as_mapping("a condition", optional=("all", "any", "not"))
    if len(entries) != 1:
        raise value.error("a condition has exactly one of 'all', 'any' and 'not'")
    ((word, body),) = entries.items()
    if word == "not":
        return Not(parse_condition(body, names))
    return All(_parse_parts(body, names)) if word == "all" else Any(_parse_parts(body, names))


def _parse_parts(value: Value, names: Names) -> tuple[Condition, ...]:
    items = value.as_list("'all' and 'any'")
    if not items:
        raise value.error("'all' and 'any' need at least one condition")
    parts: list[Condition] = []
    problems: list[Problem] = []
    for item in items:
        try:
            parts.append(parse_condition(item, names))
        except RulesetError as error:
            problems.extend(error.problems)
    if problems:
        raise RulesetError(problems)
    return tuple(parts)


def _parse_test(value: Value, names: Names) -> Test:
    text = value.as_text("a test")
    match = _ATOM.fullmatch(text)
    if match is None:
        raise value.error(
            f"'{text}' is no test; write for instance 'skills.model_depth >= 3', "
            "'goals.motives has PRESTIGE', 'level is SENIOR' or 'level is unknown'"
        )
    subject, op, operand = match["subject"], match["op"], match["operand"]
    if op in ("is known", "is unknown", "is empty", "is not empty") and operand:
        raise value.error(f"nothing may follow '{op}'")
    if subject in names.fields:
        return _parse_field_test(value, names, names.fields[subject], op, operand)
    if subject in names.signals:
        return _parse_signal_test(value, subject, op, operand)
    if subject in names.answers:
        if op not in ("is", "is not"):
            raise value.error(f"'{subject}' is tested with 'is' or 'is not'")
        return Test(subject, op, _parse_tokens(value, operand, names.answers[subject]))
    known = [*names.fields, *names.signals, *names.answers]
    raise value.error(f"there is no field or signal '{subject}'{suggest(subject, known)}")


def _parse_signal_test(value: Value, subject: str, op: str, operand: str | None) -> Test:
    if op in ("is known", "is unknown"):
        return Test(subject, op)
    if op != "is" or operand not in ("yes", "no"):
        raise value.error(f"a signal is tested as '{subject} is yes', 'is no' or 'is unknown'")
    return Test(subject, f"is {operand}")


def _parse_field_test(
    value: Value, names: Names, field: Field, op: str, operand: str | None
) -> Test:
    if op in ("is known", "is unknown"):
        return Test(field.path, op)
    allowed = {
        Kind.CHOICE: ("is", "is not"),
        Kind.TEXT: ("is", "is not"),
        Kind.FLAG: ("is",),
        Kind.NUMBER: (">=", ">", "<", "<="),
        Kind.SET: ("has", "lacks", "is empty", "is not empty"),
    }[field.kind]
    if op not in allowed:
        also = ", ".join(f"'{word}'" for word in (*allowed, "is known", "is unknown"))
        raise value.error(f"'{field.path}' is a {field.kind.value}; it is tested with {also}")
    if op in ("is empty", "is not empty"):
        return Test(field.path, op)
    if field.kind is Kind.FLAG:
        if operand not in ("true", "false"):
            raise value.error(f"'{field.path}' is true or false")
        return Test(field.path, op, operand == "true")
    if field.kind is Kind.NUMBER:
        return _parse_number_test(value, names, field, op, operand or "")
    return Test(field.path, op, _parse_tokens(value, operand, field.values))


def _parse_number_test(value: Value, names: Names, field: Field, op: str, operand: str) -> Test:
    if operand.startswith("$"):
        name = operand[1:]
        if name not in names.thresholds:
            raise value.error(
                f"there is no threshold '${name}'{suggest(name, names.thresholds)}"
            )
        number: int | float | None = names.thresholds[name]
    else:
        number = parse_number(operand)
    if number is None:
        raise value.error(f"'{operand}' is no number; write a number or '$threshold'")
    if field.integral and not isinstance(number, int):
        raise value.error(f"'{field.path}' holds whole numbers, not {operand}")
    # Equal tests say the same words, so 2.0 is 2.
    return Test(field.path, op, int(number) if number == int(number) else number)


def _parse_tokens(value: Value, operand: str | None, valid: tuple[str, ...]) -> tuple[str, ...]:
    tokens = tuple(token.strip() for token in (operand or "").split(" or "))
    for token in tokens:
        if valid and token not in valid:
            raise value.error(f"'{token}' is no value here{suggest(token, valid)}")
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", token):
            raise value.error("a value is one or more words in capitals, joined by 'or'")
    # In contract order, so that the same set is the same test however it is written.
    return tuple(dict.fromkeys(t for t in (valid or tokens) if t in tokens))


_OP_WORDS = {
    ">=": "at least ",
    ">": "more than ",
    "<": "less than ",
    "<=": "at most ",
    "is": "",
    "is not": "not ",
    "has": "includes ",
    "lacks": "does not include ",
    "is empty": "none",
    "is not empty": "at least one",
    "is known": "given",
    "is unknown": "not given",
}


def describe(test: Test, vocabulary: Vocabulary) -> str:
    """What a test asks of its field, in words: "at least 3", "includes prestige"."""
    operand = test.operand
    if isinstance(operand, bool):
        return "yes" if operand else "no"
    if isinstance(operand, tuple):
        words = [vocabulary.token_words(test.subject, token) for token in operand]
        return _OP_WORDS[test.op] + join_words(words, "or")
    return f"{_OP_WORDS[test.op]}{operand:,}"
