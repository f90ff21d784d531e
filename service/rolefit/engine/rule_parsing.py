"""Reads one rule from YAML; the language is explained in `rules/README.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypedDict

from rolefit.engine.conditions import Condition, Names, parse_condition
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.ruleset import (
    COVERAGES,
    PATHS,
    SEATS,
    STRENGTHS,
    UNDETERMINED,
    Claim,
    Code,
    FindingRule,
    FitRule,
    Rule,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.templates import Template
from rolefit.engine.yaml_source import Value, suggest

_CONCLUSIONS = ("signal", "finding", "fit", "verdict", "seat", "pay")


class _Head(TypedDict):
    id: str
    claims: tuple[str, ...]
    strength: str
    convention: bool
    when: Condition
    file: str
    line: int


class RuleParser:
    """Parses rules against the names that the rule set defines."""

    def __init__(self, names: Names, claims: dict[str, Claim], codes: dict[str, Code]):
        self._names = names
        self._claims = claims
        self._codes = codes

    @staticmethod
    def signal_names(items: Iterable[Value]) -> list[str]:
        """Names of the signals that some rules derive, without checking the rules."""
        found = []
        for item in items:
            then = (item.entries or {}).get("then")
            signal = (then.entries or {}).get("signal") if then else None
            if signal and signal.text:
                found.append(signal.text)
        return found

    def parse(self, value: Value) -> Rule:
        """Reads one rule.

        Raises:
            RulesetError: It is malformed; the error lists everything wrong with it.
        """
        entries = value.as_mapping(
            "a rule",
            required=("id", "claims", "when", "then", "because"),
            optional=("strength", "convention", "no_when", "note"),
        )
        then = entries["then"].as_mapping("then", optional=(*_CONCLUSIONS, "points"))
        chosen = [word for word in _CONCLUSIONS if word in then]
        if len(chosen) != 1:
            raise entries["then"].error(f"then has exactly one of {', '.join(_CONCLUSIONS)}")
        if "no_when" in entries and chosen != ["signal"]:
            raise entries["no_when"].error("only a signal has 'no_when'")
        if "points" in then and chosen != ["fit"]:
            raise then["points"].error("only a fit has 'points'")
        head = self._parse_head(value, entries)
        if chosen == ["signal"]:
            return self._parse_signal(entries, then["signal"], head)
        because = _template(entries["because"])
        return self._parse_conclusion(chosen[0], then, head, because)

    def _parse_head(self, value: Value, entries: dict[str, Value]) -> _Head:
        claims = read_claim_ids(entries["claims"], self._claims)
        convention = "convention" in entries and entries["convention"].as_flag("convention")
        strength = self._parse_strength(value, entries, claims)
        return {
            "id": _rule_id(entries["id"]),
            "claims": claims,
            "strength": strength,
            "convention": convention,
            "when": parse_condition(entries["when"], self._names),
            "file": value.file,
            "line": value.line,
        }

    def _parse_strength(
        self, value: Value, entries: dict[str, Value], claims: tuple[str, ...]
    ) -> str:
        """The strength given, which has to be that of the weakest claim."""
        weakest = min(
            (self._claims[c].strength for c in claims), key=STRENGTHS.index, default=""
        )
        if "strength" not in entries:
            if weakest:
                raise value.error(f"the rule lacks 'strength'; its claims make it {weakest}")
            return ""
        strength = entries["strength"].as_text("strength")
        if strength != weakest:
            raise entries["strength"].error(
                f"strength is {strength}, but the weakest claim makes it {weakest or 'none'}"
            )
        return strength

    def _parse_signal(
        self, entries: dict[str, Value], signal: Value, head: _Head
    ) -> SignalRule:
        no_when = None
        if "no_when" in entries:
            no_when = parse_condition(entries["no_when"], self._names)
        says = entries["because"].as_mapping(
            "because of a signal", required=("yes", "no", "unknown")
        )
        return SignalRule(
            **head,
            signal=signal.as_text("signal"),
            no_when=no_when,
            says_yes=_template(says["yes"]),
            says_no=_template(says["no"]),
            says_unknown=_template(says["unknown"]),
        )

    def _parse_conclusion(
        self, conclusion: str, then: dict[str, Value], head: _Head, because: Template
    ) -> Rule:
        value = then[conclusion]
        if conclusion == "finding":
            code = _one_of(value, "finding", self._codes)
            return FindingRule(**head, code=code, because=because)
        if conclusion == "fit":
            return self._parse_fit(then, head, because)
        if conclusion == "verdict":
            path = _one_of(value, "verdict", (*PATHS, UNDETERMINED))
            return VerdictRule(**head, path=path, because=because)
        valid = SEATS if conclusion == "seat" else COVERAGES
        chosen = _one_of(value, conclusion, valid)
        return StatementRule(**head, topic=conclusion, value=chosen, because=because)

    def _parse_fit(self, then: dict[str, Value], head: _Head, because: Template) -> FitRule:
        value = then["fit"]
        items = value.items if value.items is not None else (value,)
        paths = tuple(_one_of(item, "fit", PATHS) for item in items)
        if "points" not in then:
            raise value.error("a fit needs 'points'")
        points = then["points"].as_number("points")
        if not isinstance(points, int) or points == 0:
            raise then["points"].error("points must be a whole number other than 0")
        return FitRule(**head, paths=paths, points=points, because=because)


def read_claim_ids(value: Value, known: dict[str, Claim]) -> tuple[str, ...]:
    """A list of claim ids.

    Raises:
        RulesetError: One of them is unknown.
    """
    claims = []
    for item in value.as_list("claims"):
        claims.append(item.as_text("a claim"))
        if claims[-1] not in known:
            raise item.error(f"there is no claim '{claims[-1]}'; ids run from G1 to G136")
    return tuple(claims)


def _rule_id(value: Value) -> str:
    text = value.as_text("id")
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,60}", text):
        raise value.error("an id is lower-case words joined by '-'")
    return text


def _template(value: Value) -> Template:
    template = Template(" ".join(value.as_text("because").split()))
    if template.malformed():
        raise RulesetError(
            [Problem(value.file, value.line, "write {field}, {field|one|many} or {$threshold}")]
        )
    return template


def _one_of(value: Value, what: str, valid: Iterable[str]) -> str:
    text = value.as_text(what)
    if text not in valid:
        raise value.error(f"there is no {what} '{text}'{suggest(text, valid)}")
    return text
