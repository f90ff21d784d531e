"""What has to hold of a rule set, as data: `properties.yaml` beside the rules.

Each property has one line of plain English, the claims behind it, and what to prove.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolefit.engine.conditions import (
    ANSWER_CERTAINTY,
    ANSWER_PATH,
    Condition,
    Names,
    parse_condition,
)
from rolefit.engine.errors import Problem, RulesetError
from rolefit.engine.rule_parsing import read_claim_ids
from rolefit.engine.ruleset import ALL_PATHS, CERTAINTIES, PATHS, Ruleset
from rolefit.engine.vocabulary import Field, Kind
from rolefit.engine.yaml_source import Value, read_yaml, suggest
from rolefit.verification.smt import ANSWER_FINDINGS

if TYPE_CHECKING:
    from importlib.abc import Traversable

FILE = "properties.yaml"

# What can be proven of any rule set, by name.
STRUCTURES = (
    "one_verdict",
    "every_rule_fires",
    "none_shadowed",
    "none_redundant",
    "sentences_complete",
    "answer_reachable",
    "nothing_asked_in_vain",
)


@dataclass(frozen=True)
class Structure:
    """Something that is asked of any rule set: one of STRUCTURES."""

    name: str


@dataclass(frozen=True)
class Implication:
    """Wherever `given` is true, `then` is true; with `complete`, of profiles without a gap."""

    given: Condition
    then: Condition
    complete: bool = False


@dataclass(frozen=True)
class Monotone:
    """What raising a number, all else as it is, never does.

    Attributes:
        raising: The field.
        fit: Paths whose fit points never fall.
        open: Paths that, open, stay open, and never become closed.
        answer: Paths that, once the answer, stay the answer.
    """

    raising: str
    fit: tuple[str, ...]
    open: tuple[str, ...]
    answer: tuple[str, ...]


@dataclass(frozen=True)
class Irrelevance:
    """Fields that never move the path, whatever their values, given or absent."""

    fields: tuple[str, ...]


Goal = Structure | Implication | Monotone | Irrelevance


@dataclass(frozen=True)
class Property:
    """One property.

    Attributes:
        id: Its name.
        says: One line of plain English.
        claims: Ids of the claims behind it.
        goal: What to prove.
        line: Its line in the file.
    """

    id: str
    says: str
    claims: tuple[str, ...]
    goal: Goal
    line: int


def load_properties(folder: Traversable, ruleset: Ruleset) -> tuple[Property, ...]:
    """Reads the properties of a rule set.

    Raises:
        RulesetError: The file is missing or malformed; every problem has file and line.
    """
    file = folder / FILE
    if not file.is_file():
        raise RulesetError([Problem(FILE, 0, "the file is missing; it says what to prove")])
    reader = _Reader(ruleset)
    problems: list[Problem] = []
    found: dict[str, Property] = {}
    items = read_yaml(file.read_text(encoding="utf-8"), FILE)
    if not items.as_list("properties"):
        raise items.error("there is nothing to prove")
    for item in items.as_list("properties"):
        try:
            each = reader.read(item)
            if each.id in found:
                raise item.error(f"there is a property '{each.id}' already")
            found[each.id] = each
        except RulesetError as error:
            problems.extend(error.problems)
    if problems:
        raise RulesetError(problems)
    return tuple(found.values())


class _Reader:
    def __init__(self, ruleset: Ruleset):
        self._ruleset = ruleset
        fields = {
            **ruleset.vocabulary.fields,
            ANSWER_FINDINGS: Field(ANSWER_FINDINGS, Kind.SET, values=tuple(ruleset.codes)),
        }
        self._names = Names(
            fields,
            frozenset(rule.signal for rule in ruleset.signals),
            {name: threshold.value for name, threshold in ruleset.thresholds.items()},
            {ANSWER_PATH: ALL_PATHS, ANSWER_CERTAINTY: CERTAINTIES},
        )

    def read(self, value: Value) -> Property:
        entries = value.as_mapping("a property", required=("id", "says", "claims", "prove"))
        return Property(
            entries["id"].as_text("id"),
            " ".join(entries["says"].as_text("says").split()),
            read_claim_ids(entries["claims"], self._ruleset.claims),
            self._goal(entries["prove"]),
            value.line,
        )

    def _goal(self, value: Value) -> Goal:
        if value.text is not None:
            if value.text not in STRUCTURES:
                hint = suggest(value.text, STRUCTURES)
                raise value.error(f"there is nothing to prove called '{value.text}'{hint}")
            return Structure(value.text)
        entries = value.entries or {}
        if "raising" in entries:
            return self._monotone(value)
        if "irrelevant" in entries:
            entries = value.as_mapping("prove", required=("irrelevant",))
            return Irrelevance(self._fields(entries["irrelevant"]))
        entries = value.as_mapping("prove", required=("if", "then"), optional=("complete",))
        return Implication(
            parse_condition(entries["if"], self._names),
            parse_condition(entries["then"], self._names),
            "complete" in entries and entries["complete"].as_flag("complete"),
        )

    def _monotone(self, value: Value) -> Monotone:
        parts = ("never_lowers_fit_of", "never_closes", "keeps_answer")
        entries = value.as_mapping("prove", required=("raising",), optional=parts)
        (field,) = self._some([entries["raising"]], self._ruleset.vocabulary.fields, "field")
        if self._ruleset.vocabulary.fields[field].kind is not Kind.NUMBER:
            raise entries["raising"].error(f"'{field}' is no number")
        fit, opened, answer = (
            self._some(entries[part].as_list(part), PATHS, "path") if part in entries else ()
            for part in parts
        )
        return Monotone(field, fit, opened, answer)

    def _fields(self, value: Value) -> tuple[str, ...]:
        return self._some(value.as_list("fields"), self._ruleset.vocabulary.fields, "field")

    def _some(
        self, items: Iterable[Value], known: Collection[str], what: str
    ) -> tuple[str, ...]:
        names = []
        for item in items:
            name = item.as_text(f"a {what}")
            if name not in known:
                raise item.error(f"there is no {what} '{name}'{suggest(name, known)}")
            names.append(name)
        return tuple(names)
