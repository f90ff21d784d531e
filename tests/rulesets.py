"""Random small rule sets on top of the shipped vocabulary."""

from __future__ import annotations

import dataclasses
import itertools
import random
from collections.abc import Sequence

from rolefit.engine import RulesetError
from rolefit.engine.checks import check_ruleset
from rolefit.engine.conditions import (
    ALWAYS,
    ANSWER_PATH,
    All,
    Any,
    Condition,
    Not,
    Operand,
    Test,
)
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import (
    PATHS,
    UNDETERMINED,
    FindingRule,
    PathCard,
    Ruleset,
    SignalRule,
    VerdictRule,
)
from rolefit.engine.templates import Template
from rolefit.engine.vocabulary import EFFORTS, Change, Field, Kind, Vocabulary
from tests.profiles import FIELDS, values

# Rules name no member of a set beyond these, so that the next stands for all others.
MEMBERS = 3
# A country that no rule names.
UNASKED_TEXT = "FR"
# Beside every number that a rule can name.
FRACTION = 0.004
_SAYS = Template("So it is.")


def random_ruleset(seed: int, base: Ruleset) -> Ruleset:
    """A rule set that passes every check: signals in layers, verdicts, findings."""
    rng = random.Random(seed)
    while True:
        ruleset = _Author(rng, base).ruleset()
        try:
            check_ruleset(ruleset)
        except RulesetError:
            continue
        return ruleset


def telling_values(field: Field) -> list[object]:
    """Values of a field, at least one for everything that rules of these sets can ask."""
    if field.kind is Kind.SET:
        members = field.values[: MEMBERS + 1]
        return [
            frozenset(subset)
            for size in range(len(members) + 1)
            for subset in itertools.combinations(members, size)
        ]
    if field.kind is Kind.TEXT:
        return [*values(field), UNASKED_TEXT]
    if field.kind is not Kind.NUMBER:
        return values(field)
    step = 1 if field.integral else FRACTION
    numbers: set[int | float] = set()
    for value in values(field):
        assert isinstance(value, int | float)
        numbers.update((value - step, value, value + step))
    return [number for number in sorted(numbers) if field.least <= number <= field.most]


def random_facts(rng: random.Random, ruleset: Ruleset) -> Facts:
    """A random profile of the fields that decide, and of a few others."""
    share = rng.choice((0.2, 0.5, 0.8, 1.0))
    deciding = ruleset.vocabulary.ask_order
    return {
        path: rng.choice(telling_values(field))  # type: ignore[misc]
        for path, field in FIELDS.items()
        if rng.random() < (share if path in deciding else 0.1)
    }


def with_more_members_than_can_be_told_apart(base: Ruleset) -> Ruleset:
    """The rules, with one verdict more that asks for each of ten members of a set."""
    path = "skills.areas"
    members = FIELDS[path].values
    signals = tuple(
        _signal(base, f"knows_{i}", Test(path, "has", (member,)))
        for i, member in enumerate(members)
    )
    all_of_them = All(tuple(Test(rule.signal, "is yes") for rule in signals))
    verdict = _verdict(base, "knows-everything", "APPLIED_SCIENTIST", all_of_them)
    order = (*base.vocabulary.ask_order, path)
    return dataclasses.replace(
        base,
        signals=(*base.signals, *signals),
        verdicts=(verdict, *base.verdicts),
        vocabulary=dataclasses.replace(base.vocabulary, ask_order=order),
    )


class _Author:
    """Writes one rule set."""

    def __init__(self, rng: random.Random, base: Ruleset):
        self._rng = rng
        self._base = base
        kinds = list(Kind)
        # One field of a random kind after the other, so that rare kinds are not rare.
        self._fields: list[Field] = []
        for _ in range(rng.randint(4, 7)):
            kind = rng.choice(kinds)
            self._fields.append(rng.choice([f for f in FIELDS.values() if f.kind is kind]))

    def ruleset(self) -> Ruleset:
        signals = self._signals()
        names = [rule.signal for rule in signals]
        always = tuple(rule for rule in self._base.statements if rule.when == ALWAYS)
        return dataclasses.replace(
            self._base,
            vocabulary=self._vocabulary(),
            paths={path: self._card(path, names) for path in (*PATHS, UNDETERMINED)},
            signals=tuple(signals),
            findings=tuple(self._finding(i, names) for i in range(self._rng.randint(0, 5))),
            fits=(),
            verdicts=tuple(self._verdicts(names)),
            statements=always,
            pay_notes=(),
            rounds=(),
            items=(),
        )

    def _vocabulary(self) -> Vocabulary:
        rng = self._rng
        order = tuple(dict.fromkeys(field.path for field in self._fields))
        words = dict(self._base.vocabulary.words)
        for path in order:
            change = Change(rng.choice(EFFORTS), rng.random() < 0.5)
            words[path] = dataclasses.replace(
                words[path], change=change if rng.random() < 0.8 else None
            )
        first = order[: rng.randint(0, 1)]
        return dataclasses.replace(
            self._base.vocabulary, words=words, ask_order=order, ask_first=first
        )

    def _card(self, path: str, names: Sequence[str]) -> PathCard:
        signal = self._rng.choice(["", *names]) if path != UNDETERMINED else ""
        return PathCard(path, self._base.paths[path].label, signal)

    def _signals(self) -> list[SignalRule]:
        signals: list[SignalRule] = []
        for i in range(self._rng.randint(4, 8)):
            earlier = [rule.signal for rule in signals]
            no_when = self._condition(earlier, 2) if self._rng.random() < 0.4 else None
            signals.append(
                _signal(self._base, f"signal_{i}", self._condition(earlier, 2), no_when)
            )
        return signals

    def _verdicts(self, names: Sequence[str]) -> list[VerdictRule]:
        rng = self._rng
        paths = [*PATHS, *rng.choices([*PATHS, UNDETERMINED], k=rng.randint(1, 4))]
        rng.shuffle(paths)
        rules = []
        for i, path in enumerate(paths):
            unknown = path == UNDETERMINED
            condition = self._tree(lambda: self._signal_test(names, unknown), 1)  # noqa: B023
            rules.append(_verdict(self._base, f"verdict-{i}", path, condition))
        return [*rules, _verdict(self._base, "verdict-last", UNDETERMINED, ALWAYS)]

    def _finding(self, i: int, names: Sequence[str]) -> FindingRule:
        rng = self._rng
        condition = self._condition(names, 1)
        if rng.random() < 0.3:
            chosen = tuple(path for path in PATHS if rng.random() < 0.4) or (UNDETERMINED,)
            answer = Test(ANSWER_PATH, rng.choice(("is", "is not")), chosen)
            condition = All((condition, answer))
        code = rng.choice(["CONTRADICTION", *self._base.codes])
        shipped = self._base.findings[0]
        return dataclasses.replace(
            shipped, id=f"finding-{i}", when=condition, because=_SAYS, code=code
        )

    def _condition(self, names: Sequence[str], depth: int) -> Condition:
        def test() -> Test:
            if names and self._rng.random() < 0.35:
                return self._signal_test(names, unknown=False)
            return self._field_test()

        return self._tree(test, depth)

    def _tree(self, test: object, depth: int) -> Condition:
        assert callable(test)
        rng = self._rng
        if depth == 0 or rng.random() < 0.3:
            leaf: Condition = test()
            return Not(leaf) if rng.random() < 0.15 else leaf
        parts = tuple(self._tree(test, depth - 1) for _ in range(rng.randint(1, 3)))
        whole: Condition = All(parts) if rng.random() < 0.5 else Any(parts)
        return Not(whole) if rng.random() < 0.15 else whole

    def _signal_test(self, names: Sequence[str], unknown: bool) -> Test:
        ops = ["is yes", "is yes", "is no"]
        if unknown:
            ops += ["is unknown", "is unknown", "is known"]
        return Test(self._rng.choice(names), self._rng.choice(ops))

    def _field_test(self) -> Test:
        rng = self._rng
        field = rng.choice(self._fields)
        if field.kind is Kind.FLAG:
            return Test(field.path, "is", rng.random() < 0.5)
        if field.kind is Kind.NUMBER:
            number = rng.choice(values(field))
            assert isinstance(number, int | float)
            return Test(field.path, rng.choice((">=", ">", "<", "<=")), number)
        if field.kind is Kind.SET and rng.random() < 0.25:
            return Test(field.path, rng.choice(("is empty", "is not empty")))
        ops = ("has", "lacks") if field.kind is Kind.SET else ("is", "is not")
        return Test(field.path, rng.choice(ops), self._tokens(field))

    def _tokens(self, field: Field) -> Operand:
        tokens = field.values[:MEMBERS] if field.kind is Kind.SET else values(field)
        chosen = self._rng.sample(list(tokens), self._rng.randint(1, min(2, len(tokens) - 1)))
        return tuple(str(token) for token in tokens if token in chosen)


def _signal(
    base: Ruleset, name: str, when: Condition, no_when: Condition | None = None
) -> SignalRule:
    # Made from a shipped rule, so that what every rule has needs no words here.
    return dataclasses.replace(
        base.signals[0],
        id=name.replace("_", "-"),
        when=when,
        signal=name,
        no_when=no_when,
        says_yes=_SAYS,
        says_no=_SAYS,
        says_unknown=_SAYS,
    )


def _verdict(base: Ruleset, name: str, path: str, when: Condition) -> VerdictRule:
    return dataclasses.replace(base.verdicts[0], id=name, when=when, because=_SAYS, path=path)
