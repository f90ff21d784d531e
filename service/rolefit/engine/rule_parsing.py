"""Reads one rule from YAML; the language is explained in `rules/README.md`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypedDict

from rolefit.engine.conditions import NEVER, Condition, Names, parse_condition
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.ruleset import (
    ALL_PATHS,
    COVERAGES,
    PATHS,
    PAY_NOTES,
    SEATS,
    STRENGTHS,
    Claim,
    Code,
    FindingRule,
    FitRule,
    ItemRule,
    PayNoteRule,
    RoundRule,
    Rule,
    SignalRule,
    StatementRule,
    VerdictRule,
)
from rolefit.engine.templates import Template
from rolefit.engine.yaml_source import Value, suggest

_CONCLUSIONS = (
    *("signal", "finding", "fit", "verdict", "seat", "pay"),
    *("pay_note", "round", "resume", "negotiation"),
)
# Parts of a rule or of its `then` that only one conclusion has.
_SPECIAL_PARTS = {"no_when": "signal", "thin_when": "round", "missing_when": "round"}
_SPECIAL_PARTS |= {"probes": "round", "points": "fit", "title": "round"}


class _Head(TypedDict):
    id: str
    claims: tuple[str, ...]
    strength: str
    convention: bool
    redundant: str
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
            optional=(
                "strength",
                "convention",
                "redundant",
                "no_when",
                "thin_when",
                "missing_when",
                "probes",
            ),
        )
        then = entries["then"].as_mapping("then", optional=(*_CONCLUSIONS, "points", "title"))
        chosen = [word for word in _CONCLUSIONS if word in then]
        if len(chosen) != 1:
            raise entries["then"].error(f"then has exactly one of {', '.join(_CONCLUSIONS)}")
        for part, owner in _SPECIAL_PARTS.items():
            where = then if part in ("points", "title") else entries
            if part in where and chosen != [owner]:
                raise where[part].error(f"only a {owner} has '{part}'")
        head = self._parse_head(value, entries)
        if chosen == ["signal"]:
            return self._parse_signal(entries, then["signal"], head)
        if chosen == ["round"]:
            return self._parse_round(entries, then, head)
        because = read_template(entries["because"])
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
            "redundant": entries["redundant"].as_text("redundant")
            if "redundant" in entries
            else "",
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
            says_yes=read_template(says["yes"]),
            says_no=read_template(says["no"]),
            says_unknown=read_template(says["unknown"]),
        )

    def _parse_round(
        self, entries: dict[str, Value], then: dict[str, Value], head: _Head
    ) -> RoundRule:
        for part, where in (("title", then), ("probes", entries)):
            if part not in where:
                raise then["round"].error(f"a round needs '{part}'")
        says = entries["because"].as_mapping(
            "because of a round", required=("ready", "missing", "thin", "unknown")
        )
        return RoundRule(
            **head,
            path=_one_of(then["round"], "round", PATHS),
            title=then["title"].as_text("title"),
            probes=read_template(entries["probes"]),
            missing_when=self._parse_optional(entries, "missing_when"),
            thin_when=self._parse_optional(entries, "thin_when"),
            says_ready=read_template(says["ready"]),
            says_missing=read_template(says["missing"]),
            says_thin=read_template(says["thin"]),
            says_unknown=read_template(says["unknown"]),
        )

    def _parse_optional(self, entries: dict[str, Value], part: str) -> Condition:
        return parse_condition(entries[part], self._names) if part in entries else NEVER

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
            path = _one_of(value, "verdict", ALL_PATHS)
            return VerdictRule(**head, path=path, because=because)
        if conclusion == "pay_note":
            kind = _one_of(value, "pay_note", PAY_NOTES)
            return PayNoteRule(**head, kind=kind, because=because)
        if conclusion in ("resume", "negotiation"):
            path = _one_of(value, conclusion, PATHS)
            return ItemRule(**head, topic=conclusion, path=path, because=because)
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
            raise item.error(f"there is no claim '{claims[-1]}' in claims.yaml")
    return tuple(claims)


def _rule_id(value: Value) -> str:
    text = value.as_text("id")
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,60}", text):
        raise value.error("an id is lower-case words joined by '-'")
    return text


def read_template(value: Value) -> Template:
    """A sentence template.

    Raises:
        RulesetError: It is empty or its braces do not match.
    """
    template = Template(" ".join(value.as_text("a sentence").split()))
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
