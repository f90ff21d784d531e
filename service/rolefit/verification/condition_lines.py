"""Where the tests inside conditions stand in the files of a rules folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rolefit.engine.conditions import Condition
from rolefit.engine.ruleset import RoundRule, Rule, Ruleset, SignalRule
from rolefit.engine.yaml_source import Value, read_yaml

if TYPE_CHECKING:
    from importlib.abc import Traversable

PARTS = ("when", "no_when", "missing_when", "thin_when")
_CONSTANTS = ("always", "never")


class ConditionLines:
    """Lines of tests, by rule, part of the rule and place in reading order."""

    def __init__(self, root: Traversable, ruleset: Ruleset):
        self._lines: dict[tuple[str, str], tuple[int, ...]] = {}
        for file in dict.fromkeys(rule.file for rule in ruleset.rules):
            text = (root / file).read_text(encoding="utf-8")
            for item in read_yaml(text, file).as_list("a file of rules"):
                entries = item.entries or {}
                rule_id = entries["id"].as_text("id")
                for part in PARTS:
                    if part in entries:
                        lines = tuple(_test_lines(entries[part]))
                        self._lines[rule_id, part] = lines

    def line(self, rule: Rule, part: str, index: int) -> int:
        """The line of a test; that of the rule if the test stands in none."""
        lines = self._lines.get((rule.id, part), ())
        return lines[index] if index < len(lines) else rule.line


def _test_lines(value: Value) -> Iterator[int]:
    if value.text is not None and value.text not in _CONSTANTS:
        yield value.line
    for inner in (*(value.items or ()), *(value.entries or {}).values()):
        yield from _test_lines(inner)


def named_conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """The conditions of a rule by the name of the part they stand in."""
    yield "when", rule.when
    if isinstance(rule, SignalRule) and rule.no_when is not None:
        yield "no_when", rule.no_when
    if isinstance(rule, RoundRule):
        yield from (("missing_when", rule.missing_when), ("thin_when", rule.thin_when))
