"""Random rule sets: everything that says a path has to say the same, whatever the rules."""

from __future__ import annotations

import itertools
import math
import os
import random

import pytest

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.changes import Limits
from rolefit.engine.decision_space import DecisionSpace, SpaceSizeError
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.reaching import Goal
from rolefit.engine.ruleset import PATHS, UNDETERMINED, Ruleset
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.change_pb2 import Change, ChangeOutcome
from rolefit.v1.profile_pb2 import CandidateProfile
from tests.engine.brute_force import Oracle
from tests.engine.reference_evaluator import evaluate
from tests.profiles import FIELDS, message
from tests.rulesets import (
    UNASKED_TEXT,
    random_facts,
    random_ruleset,
    telling_values,
    with_more_members_than_can_be_told_apart,
)

RULESETS = int(os.environ.get("ROLEFIT_FUZZED_RULESETS", "40"))
PROFILES = 25
# Profiles with more fillings than this are left to those with fewer.
MOST_FILLINGS = 1500


@pytest.fixture(scope="module")
def shipped() -> Ruleset:
    return load_ruleset()


@pytest.mark.parametrize("seed", range(RULESETS))
def test_all_agree(shipped: Ruleset, seed: int) -> None:
    ruleset = random_ruleset(seed, shipped)
    rng = random.Random(seed)
    oracle = Oracle(ruleset, telling_values)
    with Engine(ruleset) as engine:
        assert engine.space is not None
        for _ in range(PROFILES):
            facts = random_facts(rng, ruleset)
            outcome = engine.run(facts)
            reference = evaluate(ruleset, facts, outcome.verdict.certainty)
            assert outcome.signals == reference.signals
            assert outcome.met.keys() == reference.fired
            assert outcome.verdict.path == reference.path
            assert engine.space.path_at(engine.space.locate(facts)) == reference.path
            check_fillings(facts, engine, oracle)


def check_fillings(facts: Facts, engine: Engine, oracle: Oracle) -> None:
    """Possible paths, certainty and questions are those of all fillings."""
    absent = [path for path in oracle.groups if path not in facts]
    choices = [(None, *(group[-1] for group in oracle.groups[path])) for path in absent]
    if math.prod(len(each) for each in choices) > MOST_FILLINGS:
        return
    complete, every = set(), set()
    for filling in itertools.product(*choices):
        given = {f: v for f, v in zip(absent, filling, strict=True) if v is not None}
        path = oracle.path({**facts, **given})
        every.add(path)
        if len(given) == len(absent):
            complete.add(path)
    answer = engine.run(facts).verdict
    assert answer.proven
    assert {*answer.possible} == complete
    settled = every == {answer.path} and answer.path != UNDETERMINED
    assert (answer.certainty == "CERTAIN") == settled
    assert bool(answer.open_fields) == (len(every) > 1)


@pytest.mark.parametrize("seed", range(RULESETS))
def test_changes_are_confirmed_and_none_is_missed(shipped: Ruleset, seed: int) -> None:
    """A change that any value of any one field makes is found, and what is found holds."""
    ruleset = random_ruleset(seed, shipped)
    rng = random.Random(seed)
    oracle = Oracle(ruleset, telling_values)
    limits = Limits(wishes_may_change=True)
    with Engine(ruleset) as engine:
        for _ in range(5):
            facts = random_facts(rng, ruleset)
            alone = moved_alone(facts, ruleset, oracle)
            for path in {*PATHS} - {oracle.path(facts)}:
                reached = engine.find_changes(message(facts), Goal(path, False, limits, 20))
                found = [frozenset(f.field for f in c.fields) for c in reached.changes]
                assert {field for field, paths in alone.items() if path in paths} == {
                    field for fields in found if len(fields) == 1 for field in fields
                }
                assert not any(a < b for a, b in itertools.combinations(found, 2))
                for change in reached.changes:
                    check_parts(change, facts, path, oracle)


def check_parts(change: Change, facts: Facts, path: str, oracle: Oracle) -> None:
    """All of a change leads to the path, and no part of it does."""
    after, now = read_facts(change.profile), oracle.see(facts)
    fields = [each.field for each in change.fields]
    assert {field for field in FIELDS if after.get(field) != facts.get(field)} == {*fields}
    for size in range(1, len(fields) + 1):
        for part in itertools.combinations(fields, size):
            seen = oracle.see({**facts, **{field: after[field] for field in part}})
            leads = seen.path == path and seen.contradictions <= now.contradictions
            assert leads == (size == len(fields))


def moved_alone(facts: Facts, ruleset: Ruleset, oracle: Oracle) -> dict[str, set[str]]:
    """By field the paths that some value of it leads to, without a new contradiction."""
    now = oracle.see(facts)
    found: dict[str, set[str]] = {}
    for path, groups in oracle.groups.items():
        change = ruleset.vocabulary.words[path].change
        # "Another one" is no text that a profile could be sent with.
        named = [group for group in groups if UNASKED_TEXT not in group]
        for value in itertools.chain(*named) if change else ():
            assert change is not None
            if change.only_up and path in facts and not rises(path, facts[path], value):
                continue
            seen = oracle.see({**facts, path: value})
            if seen.contradictions <= now.contradictions:
                found.setdefault(path, set()).add(seen.path)
    return found


def rises(path: str, old: object, new: object) -> bool:
    """Whether a value is no step back."""
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return new >= old
    if isinstance(old, str):
        order = FIELDS[path].values
        return not order or order.index(str(new)) >= order.index(old)
    assert isinstance(old, int | float)
    assert isinstance(new, int | float)
    return new >= old


def test_a_diagram_that_grows_too_large_is_refused(shipped: Ruleset) -> None:
    with pytest.raises(SpaceSizeError, match="10 nodes"):
        DecisionSpace(shipped, capacity=0, max_nodes=10)


@pytest.fixture(scope="module")
def too_large(shipped: Ruleset) -> Engine:
    return Engine(with_more_members_than_can_be_told_apart(shipped))


def test_rules_too_many_to_look_through_promise_nothing(
    too_large: Engine, engine: Engine
) -> None:
    rng = random.Random(1)
    everything = [*range(1, 7)]
    for _ in range(50):
        facts = random_facts(rng, engine.ruleset)
        profile = message(facts)
        answer, proven = too_large.recommend(profile), engine.recommend(profile)
        assert answer.path == proven.path
        assert not answer.proven
        assert answer.certainty != pb.CERTAINTY_CERTAIN
        assert sorted(answer.possible_paths) == everything
        assert not answer.margins
        assert not any(assessment.would_need for assessment in answer.assessments)
        asked = [question.field for question in answer.next_questions]
        assert {question.field for question in proven.next_questions} <= {*asked}
        assert not any(
            question.settles or question.essential for question in answer.next_questions
        )


def test_rules_too_many_to_look_through_know_no_changes(too_large: Engine) -> None:
    profile = CandidateProfile()
    for path in PATHS:
        reached = too_large.find_changes(profile, Goal(path))
        assert reached.outcome == ChangeOutcome.CHANGE_OUTCOME_NOT_KNOWN
        assert not reached.changes
        assert "could not be worked out" in reached.headline
