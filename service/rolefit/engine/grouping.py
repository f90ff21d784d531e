"""Which rules stand together, so that what they come to can be remembered by what they read.

A rule can observe a profile through its own conditions alone, so what it comes to depends on
the few subjects that it reads: fields, signals and the answer. Rules that read nearly the
same share a group, which is looked up at once; a group that read too much would meet the same
values too rarely to remember anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rolefit.engine.checks import conditions_of, signal_layers
from rolefit.engine.conditions import ANSWER_CERTAINTY, ANSWER_PATH, tests_of
from rolefit.engine.projection import Projection
from rolefit.engine.ruleset import (
    ALL_PATHS,
    CERTAINTIES,
    Rule,
    Ruleset,
    SentenceRule,
    SignalRule,
)

# Most combinations of values that the subjects of a group may have, more or less: a group of
# a single rule may have more.
_MOST_COMBINATIONS = 3_000
# A signal has three values, but is told apart by what it rests on as well.
_SIGNAL_WIDTH = 5

Subjects = dict[str, None]  # in order of appearance
_Width = Callable[[str], int]


def subjects_of(rule: Rule) -> Subjects:
    """What a rule reads: the subjects of its conditions; and the path, if its sentence does."""
    tests = (test for condition in conditions_of(rule) for test in tests_of(condition))
    subjects = dict.fromkeys(test.subject for test in tests)
    if isinstance(rule, SentenceRule) and "path" in rule.because.holes():
        subjects[ANSWER_PATH] = None
    return subjects


def group_signals(ruleset: Ruleset, projection: Projection) -> list[tuple[SignalRule, ...]]:
    """Groups of signals; each reads fields, its own signals and those of earlier groups."""
    width = _widths(ruleset, projection)
    groups: list[list[SignalRule]] = []
    home: dict[str, int] = {}
    for layer in signal_layers(ruleset.signals):
        for rule in layer:
            after = max((home.get(subject, 0) for subject in subjects_of(rule)), default=0)
            place = _best(rule, groups, width, after)
            groups[place].append(rule)
            home[rule.signal] = place
    return [tuple(group) for group in groups]


def group_rules(
    ruleset: Ruleset, projection: Projection, rules: Iterable[Rule]
) -> list[tuple[Rule, ...]]:
    """Groups of rules of which none reads what another one derives."""
    width = _widths(ruleset, projection)
    groups: list[list[Rule]] = []
    # Those that read most first: the others find room beside them.
    for rule in sorted(rules, key=lambda rule: -len(subjects_of(rule))):
        groups[_best(rule, groups, width)].append(rule)
    return [tuple(group) for group in groups]


def read_by(rules: Sequence[Rule]) -> tuple[str, ...]:
    """What a group reads from outside, in order of appearance."""
    own = {rule.signal for rule in rules if isinstance(rule, SignalRule)}
    subjects = {subject: None for rule in rules for subject in subjects_of(rule)}
    return tuple(subject for subject in subjects if subject not in own)


def _best(rule: Rule, groups: list[Any], width: _Width, after: int = 0) -> int:
    """The group, from a place on, that grows least by a rule; a new one if all grow too large.

    A group is a list of rules.
    """
    best, least = len(groups), math.inf
    for place in range(after, len(groups)):
        now, then = (
            math.prod(width(subject) for subject in read_by(rules))
            for rules in (groups[place], [*groups[place], rule])
        )
        if (then <= _MOST_COMBINATIONS or then == now) and then / now < least:
            best, least = place, then / now
    if best == len(groups):
        groups.append([])
    return best


def _widths(ruleset: Ruleset, projection: Projection) -> _Width:
    """A function that says how many different things a subject may be, more or less."""
    known = {ANSWER_PATH: len(ALL_PATHS), ANSWER_CERTAINTY: len(CERTAINTIES)}
    known.update({path: projection.width(path) for path in ruleset.vocabulary.fields})
    known.update({rule.signal: _SIGNAL_WIDTH for rule in ruleset.signals})
    return known.__getitem__
