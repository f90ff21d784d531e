"""What rules can see of the facts.

Rules observe a profile through their tests alone, so each fact is reduced to what those
tests tell apart: a number to the interval between two thresholds, a set to the memberships
asked for, a text to the values asked for. Two profiles with the same projection get the
same answer by construction, and only flags, small integers and tokens that the rules
themselves contain ever reach the rules engine.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from rolefit.engine.conditions import Test
from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Field, Kind

Property = bool | int | str
Properties = dict[str, Property]
Literal = dict[str, object]

# Stands for every text or choice that no rule asks for. No rule can name it: it has a digit
# first.
_OTHER = "0_OTHER"


def property_name(subject: str, *suffix: str) -> str:
    """The engine's name for a subject; dots mean nesting there."""
    return "__".join([subject.replace(".", "__"), *suffix])


def literal(test: Test, projection: Projection) -> Literal:
    """A test as a condition of the rules engine: one property against one constant."""
    name = property_name(test.subject)
    if test.op in ("is yes", "is no"):
        return {name: test.op.removeprefix("is ").upper()}
    view = projection.views.get(test.subject)
    if test.op in ("is known", "is unknown"):
        known = name if view is None else view.known_property
        return {"$ex" if test.op == "is known" else "$nex": {known: 1}}
    if test.op in ("is empty", "is not empty"):
        return {property_name(test.subject, "empty"): test.op == "is empty"}
    if isinstance(test.operand, bool):
        return {name: test.operand}
    if isinstance(test.operand, tuple):
        if test.op in ("has", "lacks"):
            return {property_name(test.subject, "has", *test.operand): test.op == "has"}
        if len(test.operand) > 1:
            return {property_name(test.subject, "in", *test.operand): test.op == "is"}
        token = test.operand[0]
        return {name: token} if test.op == "is" else {"$neq": {name: token}}
    assert view is not None
    cell = view.bounds.index(_bound(test, view.of)) + 1
    return {"$gte" if test.op in (">=", ">") else "$lt": {name: cell}}


@dataclass
class _View:
    """What the rules ask of one field."""

    of: Field
    bounds: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    groups: list[tuple[str, ...]] = dataclasses.field(default_factory=list)
    tokens: set[str] = dataclasses.field(default_factory=set)

    @property
    def known_property(self) -> str:
        """A property that the fact has exactly if the field is known."""
        suffix = ("empty",) if self.of.kind is Kind.SET else ()
        return property_name(self.of.path, *suffix)


class Projection:
    """The projection that a set of tests makes."""

    def __init__(self, fields: dict[str, Field], tests: Iterable[Test]):
        self.views: dict[str, _View] = {}
        for test in tests:
            if test.subject not in fields:
                continue
            view = self.views.setdefault(test.subject, _View(fields[test.subject]))
            if isinstance(test.operand, tuple):
                view.tokens.update(test.operand)
                if test.operand and test.operand not in view.groups:
                    view.groups.append(test.operand)
            elif not isinstance(test.operand, bool):
                bound = _bound(test, view.of)
                if bound not in view.bounds:
                    bisect.insort(view.bounds, bound)

    def width(self, path: str) -> int:
        """How many things rules can see of a field at most, its absence included."""
        view = self.views.get(path)
        if view is None:
            return 1
        if view.of.kind is Kind.FLAG:
            return 3
        if view.of.kind is Kind.NUMBER:
            return 2 + len(view.bounds)
        if view.of.kind is Kind.SET:
            return 2 + (1 << len(view.groups))
        return 2 + len(view.tokens)

    def project(self, facts: Facts) -> Properties:
        """The properties of the facts that the rules can see."""
        properties: Properties = {}
        for path, view in self.views.items():
            if path in facts:
                _project_field(view, facts[path], properties)
        return properties


def _project_field(view: _View, value: object, properties: Properties) -> None:
    path, kind = view.of.path, view.of.kind
    name = property_name(path)
    if kind is Kind.SET:
        assert isinstance(value, frozenset)
        properties[property_name(path, "empty")] = not value
        for group in view.groups:
            properties[property_name(path, "has", *group)] = not value.isdisjoint(group)
    elif kind is Kind.FLAG:
        properties[name] = bool(value)
    elif kind is Kind.NUMBER:
        assert isinstance(value, int | float)
        properties[name] = bisect.bisect(view.bounds, (value, 0.5))
    else:
        token = str(value)
        if token not in view.tokens:
            token = _OTHER
        properties[name] = token
        for group in view.groups:
            if len(group) > 1:
                properties[property_name(path, "in", *group)] = token in group


def _bound(test: Test, field: Field) -> tuple[float, float]:
    """The boundary a comparison draws: (t, 0) just below t, (t, 1) just above it."""
    assert isinstance(test.operand, int | float)
    above = test.op in (">", "<=")
    if field.integral:
        return (test.operand + 1, 0) if above else (test.operand, 0)
    return (test.operand, 1) if above else (test.operand, 0)
