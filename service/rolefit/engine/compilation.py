"""Compiles rules into the part of durable_rules that is correct.

durable_rules 2.0.28 is correct, fast and leak-free for facts that hold flags, small
integers and tokens, matched by conjunctions that compare one property with one constant
each. Outside of that it crashes, hangs or answers wrongly, so nothing else is generated,
and `lint` refuses what it would not bear.
"""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rolefit.engine.checks import signal_layers
from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    Conjunction,
    alternatives,
    negated_alternatives,
)
from rolefit.engine.grouping import group_rules, group_signals, read_by
from rolefit.engine.projection import Literal, Projection, Properties, literal, property_name
from rolefit.engine.ruleset import RoundRule, Rule, Ruleset, SignalRule

# One rule set of the engine must not see more: it fails with 64 alternatives matched at
# once, crashes near 200 rules on one condition and loops at 512 roots.
MAX_RULES_PER_SET = 60
KIND = "profile"
PRIME = "prime"
_FNV_OFFSET, _FNV_PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


# Sides of a rule: where its condition is true, and where a signal is NO.
MET, REFUTED = "met", "refuted"
# Further sides of an interview round, beside ready.
MISSING, THIN = "missing", "thin"


@dataclass(frozen=True, eq=False)
class Alternative:
    """One alternative of a rule's condition, as the engine knows it.

    Attributes:
        name: Its name in the engine.
        rule: The rule it belongs to.
        side: One of the sides above.
        tests: The conjunction.
    """

    name: str
    rule: Rule
    side: str
    tests: Conjunction


@dataclass(frozen=True)
class Layer:
    """Rules that may be fired together: none reads what another of them derives.

    Attributes:
        name: Unique in a program.
        rules: The rules.
        alternatives: Theirs, by name.
        definitions: The engine's rule sets as JSON, each small enough for it.
        properties: What their conditions test.
    """

    name: str
    rules: tuple[Rule, ...]
    alternatives: dict[str, Alternative]
    definitions: tuple[str, ...]
    properties: frozenset[str]


@dataclass(frozen=True)
class Group:
    """Rules whose outcome is remembered together, in layers that are fired one by one.

    Attributes:
        name: Unique in a program.
        reads: Fields, signals of other groups and parts of the answer: its outcome depends
            on nothing else.
        layers: The rules.
    """

    name: str
    reads: tuple[str, ...]
    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Program:
    """A compiled rule set: groups in order of firing, and what they can see.

    Attributes:
        projection: Reduces the facts of a profile to properties.
        signals: Groups that derive signals.
        verdicts: Groups of verdicts; the first rule of the file that is true concludes.
        findings: Findings, fits, statements and pay notes.
        preparation: Interview rounds, résumé and negotiation; fired only when asked for.
        answer_groups: Groups of values that rules ask of the answer, by subject.
    """

    projection: Projection
    signals: tuple[Group, ...]
    verdicts: tuple[Group, ...]
    findings: tuple[Group, ...]
    preparation: Group
    answer_groups: dict[str, frozenset[tuple[str, ...]]]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer in order of firing."""
        groups = (*self.signals, *self.verdicts, *self.findings, self.preparation)
        return tuple(layer for group in groups for layer in group.layers)

    def answer_properties(self, path: str, certainty: str) -> Properties:
        """The properties that rules after the verdict see."""
        properties: Properties = {}
        for subject, value in ((ANSWER_PATH, path), (ANSWER_CERTAINTY, certainty)):
            properties[property_name(subject)] = value
            for group in self.answer_groups[subject]:
                properties[property_name(subject, "in", *group)] = value in group
        return properties


def compile_ruleset(ruleset: Ruleset) -> Program:
    """Compiles a checked rule set.

    Raises:
        ValueError: The generated rules would leave the engine's safe subset; this is a
            fault of the compiler or a freak collision of hashes, not of a rule file.
    """
    by_rule = {rule.id: _alternatives(rule) for rule in ruleset.rules}
    tests = [t for group in by_rule.values() for a in group for t in a.tests]
    projection = Projection(ruleset.vocabulary.fields, tests)

    def layer(name: str, rules: Sequence[Rule]) -> Layer:
        members = [a for rule in rules for a in by_rule[rule.id]]
        by_name = {a.name: a for a in members}
        tested = frozenset(
            _tested(literal(test, projection)) for a in members for test in a.tests
        )
        return Layer(name, tuple(rules), by_name, _definitions(members, projection), tested)

    def group(name: str, *layers: Sequence[Rule]) -> Group:
        reads = read_by([rule for rules in layers for rule in rules])
        named = (f"{name}_{i}" for i in range(len(layers)))
        return Group(name, reads, tuple(map(layer, named, layers)))

    found = [*ruleset.findings, *ruleset.fits, *ruleset.statements, *ruleset.pay_notes]
    answer_groups = {
        subject: frozenset(
            t.operand
            for t in tests
            if t.subject == subject and isinstance(t.operand, tuple) and len(t.operand) > 1
        )
        for subject in (ANSWER_PATH, ANSWER_CERTAINTY)
    }
    program = Program(
        projection=projection,
        signals=tuple(
            group(f"signals_{i}", *signal_layers(rules))
            for i, rules in enumerate(group_signals(ruleset, projection))
        ),
        verdicts=tuple(
            group(f"verdicts_{i}", rules)
            for i, rules in enumerate(group_rules(ruleset, projection, ruleset.verdicts))
        ),
        findings=tuple(
            group(f"findings_{i}", rules)
            for i, rules in enumerate(group_rules(ruleset, projection, found))
        ),
        preparation=group("preparation", [*ruleset.rounds, *ruleset.items]),
        answer_groups=answer_groups,
    )
    lint(program)
    return program


def _alternatives(rule: Rule) -> list[Alternative]:
    sides = {MET: alternatives(rule.when)}
    if isinstance(rule, SignalRule) and rule.no_when is not None:
        sides[REFUTED] = alternatives(rule.no_when)
    elif isinstance(rule, SignalRule):
        sides[REFUTED] = negated_alternatives(rule.when)
    elif isinstance(rule, RoundRule):
        sides[MISSING] = alternatives(rule.missing_when)
        sides[THIN] = alternatives(rule.thin_when)
    return [
        Alternative(f"{rule.id}.{side}.{i}", rule, side, tests)
        for side, conjunctions in sides.items()
        for i, tests in enumerate(conjunctions)
    ]


def _definitions(members: list[Alternative], projection: Projection) -> tuple[str, ...]:
    """The engine's rule sets.

    Conditions that many rules share come first in each rule, and rules with the same
    beginnings stand together, so that the engine tests those once.
    """
    use = collections.Counter(test for a in members for test in a.tests)
    ordered = {
        a.name: sorted(a.tests, key=lambda t: (-use[t], t.subject, t.op, str(t.operand)))
        for a in members
    }
    names = sorted(ordered, key=lambda name: [str(test) for test in ordered[name]])
    chunks = [names[i : i + MAX_RULES_PER_SET] for i in range(0, len(names), MAX_RULES_PER_SET)]
    return tuple(
        json.dumps(
            {
                PRIME: _pattern(PRIME, []),
                **{
                    name: _pattern(KIND, [literal(test, projection) for test in ordered[name]])
                    for name in chunk
                },
            }
        )
        for chunk in chunks
    )


def _tested(condition: Literal) -> str:
    """The property that a condition of the rules engine tests."""
    ((key, value),) = condition.items()
    return _tested(value) if isinstance(value, dict) else key


def _pattern(kind: str, literals: list[Literal]) -> dict[str, object]:
    return {"all": [{"m": {"$and": [{"kind": kind}, *literals]}}]}


def lint(program: Program) -> None:
    """Refuses generated rules that the engine would not treat correctly.

    Raises:
        ValueError: It says what is wrong.
    """
    names = {"id", "sid", "kind", "p", KIND, PRIME}
    for layer in program.layers:
        for definition in layer.definitions:
            rules = json.loads(definition)
            if len(rules) > MAX_RULES_PER_SET + 1:
                raise ValueError(
                    f"layer {layer.name}: a set of {len(rules)} rules is too large"
                )
            names.update(rules)
            for rule in rules.values():
                for condition in rule["all"][0]["m"]["$and"]:
                    names.add(_lint_literal(condition))
    hashes: dict[int, str] = {}
    for name in sorted(names):
        other = hashes.setdefault(fnv1a(name), name)
        if other != name:
            raise ValueError(f"'{name}' and '{other}' have the same hash; rename one")


def _lint_literal(condition: dict[str, object]) -> str:
    """Checks one condition and returns the property it tests."""
    if len(condition) != 1:
        raise ValueError(f"{condition} tests more than one property")
    ((key, value),) = condition.items()
    if key.startswith("$"):
        if key not in ("$neq", "$lt", "$gte", "$ex", "$nex") or not isinstance(value, dict):
            raise ValueError(f"{condition} is outside of the engine's safe operators")
        return _lint_literal(value)
    if isinstance(value, str):
        if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", value):
            raise ValueError(f"'{value}' is no plain token")
    elif not isinstance(value, int) or abs(value) > 10**6:
        raise ValueError(f"{value!r} is neither a flag, a small integer nor a token")
    return key


def fnv1a(text: str) -> int:
    """The 32-bit hash by which the engine tells names apart."""
    value = _FNV_OFFSET
    for byte in text.encode():
        value = ((value ^ byte) * _FNV_PRIME) & _MASK
    return value
