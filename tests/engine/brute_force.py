"""The plain way to what the engine computes by decision diagram: try everything.

Values come from `tests.profiles`, paths from the reference evaluator. Values that no rule
about the path tells apart are tried once; which those are is worked out here, by asking
every test of every value.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping

from rolefit.engine.conditions import Condition, Test, tests_of
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import Ruleset, SignalRule
from rolefit.engine.vocabulary import FactValue, Field
from tests.engine.reference_evaluator import compare, evaluate
from tests.profiles import FIELDS, values

Group = tuple[FactValue, ...]


@dataclasses.dataclass(frozen=True)
class Seen:
    """What rules say of a profile: the path, signals, and contradictions by rule id.

    Of the contradictions those that are about nothing but what paths rest on.
    """

    path: str
    signals: Mapping[str, str]
    contradictions: frozenset[str]


class Oracle:
    """Asks the reference evaluator about profiles, and remembers.

    Args:
        ruleset: The rules.
        tried: The values worth trying for a field.

    Attributes:
        groups: For every field that verdicts rest on, its values grouped by what rules about
            paths, their openness and contradictions make of them, in the order of `values`.
    """

    def __init__(self, ruleset: Ruleset, tried: Callable[[Field], list[object]] = values):
        signals = {rule.signal: rule for rule in ruleset.signals}
        opens = [card.open_signal for card in ruleset.paths.values() if card.open_signal]
        verdict_tests = set(_below([rule.when for rule in ruleset.verdicts], signals))
        open_tests = set(_below([Test(name, "is yes") for name in opens], signals))
        subjects = {test.subject for test in verdict_tests | open_tests}
        contradictions = tuple(
            rule
            for rule in ruleset.findings
            if ruleset.codes[rule.code].kind == "CONTRADICTION"
            and {test.subject for test in tests_of(rule.when)} <= subjects
        )
        self._ids = frozenset(rule.id for rule in contradictions)
        self._ruleset = dataclasses.replace(
            ruleset,
            signals=tuple(rule for rule in ruleset.signals if rule.signal in subjects),
            findings=contradictions,
            fits=(),
            statements=(),
            pay_notes=(),
            rounds=(),
            items=(),
        )
        asked = verdict_tests | open_tests
        asked.update(test for rule in contradictions for test in tests_of(rule.when))
        self._fields = tuple(path for path in FIELDS if path in subjects)
        self.groups = {
            path: _grouped(tried(FIELDS[path]), path, asked)
            for path in FIELDS
            if any(test.subject == path for test in verdict_tests)
        }
        self._known: dict[tuple[object, ...], Seen] = {}

    def see(self, facts: Facts) -> Seen:
        """What the rules say of facts."""
        key = tuple(facts.get(path) for path in self._fields)
        seen = self._known.get(key)
        if seen is None:
            reference = evaluate(self._ruleset, facts, "")
            fired = reference.fired & self._ids
            seen = self._known[key] = Seen(reference.path, reference.signals, fired)
        return seen

    def path(self, facts: Facts) -> str:
        """The path of facts."""
        return self.see(facts).path


def _below(
    conditions: Iterable[Condition], signals: Mapping[str, SignalRule]
) -> Iterator[Test]:
    """The tests in conditions, and those in the rules of the signals they read."""
    pending = list(conditions)
    read: set[str] = set()
    while pending:
        for test in tests_of(pending.pop()):
            yield test
            if test.subject in signals and test.subject not in read:
                read.add(test.subject)
                rule = signals[test.subject]
                pending += [rule.when] if rule.no_when is None else [rule.when, rule.no_when]


def _grouped(tried: Iterable[object], path: str, tests: Iterable[Test]) -> tuple[Group, ...]:
    telling = [test for test in tests if test.subject == path and not test.op.endswith("known")]
    groups: dict[tuple[bool, ...], list[FactValue]] = {}
    for value in tried:
        seen = tuple(compare(test, value) for test in telling)
        groups.setdefault(seen, []).append(value)  # type: ignore[arg-type]
    return tuple(tuple(group) for group in groups.values())
