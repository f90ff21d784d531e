"""How much of a rule set its tests reach: which rules, and which tests inside conditions.

A rule is reached when its condition was true and, where the first true rule of several
counts, no earlier one was. Signals have to be seen as YES, NO and UNKNOWN, interview
rounds in each of their four states.

A test inside a condition is reached with a value when it had that value and mattered: had
it been otherwise, the rule would have come out otherwise. Each has to be reached true and
false, and in signals that verdicts rest on also unknown. Rules other than signals only fire
or do not, so in them an unknown test counts as the value it acts like.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rolefit.engine.checks import decisive_signals
from rolefit.engine.condition_text import condition_text
from rolefit.engine.conditions import NEVER, Condition, Test, tests_of
from rolefit.engine.ruleset import (
    RoundRule,
    Rule,
    Ruleset,
    SignalRule,
    StatementRule,
)
from rolefit.verification.condition_lines import ConditionLines, named_conditions
from rolefit.verification.observation import Observation
from rolefit.verification.truth import Known, Truth, combine

_WORDS = {True: "true", False: "false", None: "unknown"}
_ROUND_PARTS = {"when": "READY", "missing_when": "MISSING", "thin_when": "THIN"}


@dataclass(frozen=True)
class Goal:
    """Something that tests should reach: `what`, of a rule, at file and line."""

    rule_id: str
    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule_id}: {self.what}"


@dataclass(frozen=True)
class Share:
    """How many goals there are, and those that no test reached."""

    total: int
    missed: tuple[Goal, ...]

    @property
    def percent(self) -> float:
        """Of the goals, how many were reached; 100 if there are none."""
        if not self.total:
            return 100.0
        return 100 * (self.total - len(self.missed)) / self.total


@dataclass(frozen=True)
class Coverage:
    """What tests reached."""

    rules: Share
    conditions: Share


def measure_coverage(
    ruleset: Ruleset, lines: ConditionLines, observations: Iterable[Observation]
) -> Coverage:
    """Measures what a set of observations reached."""
    states = {rule.id: _state_goals(rule) for rule in ruleset.rules}
    leaves = [
        leaf
        for rule in ruleset.rules
        for part, condition in named_conditions(rule)
        for leaf in _leaves(rule, part, condition, lines)
    ]
    decisive = decisive_signals(ruleset)
    reached: set[Goal] = set()
    for observation in observations:
        known = Known.of(observation.outcome)
        passed_over = _passed_over(ruleset, known)
        for rule in ruleset.rules:
            goal = states[rule.id].get(_state(rule, observation))
            if goal is not None and rule.id not in passed_over:
                reached.add(goal)
        for leaf in leaves:
            if leaf.rule.id not in passed_over:
                reached.update(leaf.reached(known, observation))
    of_rules = [goal for goals in states.values() for goal in goals.values()]
    of_conditions = [goal for leaf in leaves for goal in leaf.goals(decisive)]
    return Coverage(_share(of_rules, reached), _share(of_conditions, reached))


def _share(goals: Sequence[Goal], reached: set[Goal]) -> Share:
    return Share(len(goals), tuple(goal for goal in goals if goal not in reached))


def _state_goals(rule: Rule) -> dict[str, Goal]:
    """The states in which a rule should be seen, and the goals that they are."""
    if isinstance(rule, SignalRule):
        states = ["YES", "UNKNOWN"] if rule.no_when == NEVER else ["YES", "NO", "UNKNOWN"]
    elif isinstance(rule, RoundRule):
        states = ["READY", "MISSING", "THIN", "UNKNOWN"]
    else:
        return {"fires": Goal(rule.id, rule.file, rule.line, "never fires")}
    return {s: Goal(rule.id, rule.file, rule.line, f"is never {s}") for s in states}


def _state(rule: Rule, observation: Observation) -> str:
    if isinstance(rule, SignalRule):
        return observation.outcome.signals[rule.signal]
    if isinstance(rule, RoundRule):
        return observation.rounds[rule.id]
    return "fires" if rule.id in observation.fired else ""


def _passed_over(ruleset: Ruleset, known: Known) -> set[str]:
    """Rules that cannot count because an earlier one of their kind does."""
    passed: set[str] = set()
    groups: dict[str, list[Rule]] = {}
    for rule in (*ruleset.verdicts, *ruleset.statements):
        topic = rule.topic if isinstance(rule, StatementRule) else "verdict"
        groups.setdefault(topic, []).append(rule)
    for group in groups.values():
        true = [rule for rule in group if _holds(rule.when, known) is True]
        if true:
            passed.update(rule.id for rule in group[group.index(true[0]) + 1 :])
    return passed


def _holds(condition: Condition, known: Known) -> Truth:
    return combine(condition, [known.truth(test) for test in tests_of(condition)])


@dataclass(frozen=True)
class _Leaf:
    """One test inside a condition."""

    rule: Rule
    part: str
    condition: Condition
    index: int
    test: Test
    line: int

    def goals(self, decisive: frozenset[str]) -> Iterator[Goal]:
        yield self._goal(True)
        yield self._goal(False)
        is_decisive = isinstance(self.rule, SignalRule) and self.rule.signal in decisive
        if is_decisive and self.test.op not in ("is known", "is unknown"):
            yield self._goal(None)

    def _goal(self, value: Truth) -> Goal:
        test = f"{self.part}, test {self.index + 1}: '{condition_text(self.test)}'"
        what = f"{test} never matters as {_WORDS[value]}"
        return Goal(self.rule.id, self.rule.file, self.line, what)

    def reached(self, known: Known, observation: Observation) -> Iterator[Goal]:
        if isinstance(self.rule, RoundRule) and not self._counts(observation):
            return
        truths = [known.truth(test) for test in tests_of(self.condition)]
        value = truths[self.index]
        now = self._outcome(truths)
        others = [other for other in (True, False) if other is not value]
        changing = [o for o in others if self._outcome(_with(truths, self.index, o)) != now]
        for other in changing:
            yield self._goal(value if isinstance(self.rule, SignalRule) else not other)

    def _outcome(self, truths: Sequence[Truth]) -> Truth:
        """What counts of a condition: for a signal its value, else whether it is true."""
        value = combine(self.condition, truths)
        return value if isinstance(self.rule, SignalRule) else value is True

    def _counts(self, observation: Observation) -> bool:
        """Whether a part of an interview round is looked at: no earlier one was true."""
        order = list(_ROUND_PARTS)
        state = observation.rounds[self.rule.id]
        earlier = [_ROUND_PARTS[part] for part in order[: order.index(self.part)]]
        return state not in earlier


def _with(truths: Sequence[Truth], index: int, value: Truth) -> list[Truth]:
    return [*truths[:index], value, *truths[index + 1 :]]


def _leaves(
    rule: Rule, part: str, condition: Condition, lines: ConditionLines
) -> Iterator[_Leaf]:
    for index, test in enumerate(tests_of(condition)):
        yield _Leaf(rule, part, condition, index, test, lines.line(rule, part, index))
