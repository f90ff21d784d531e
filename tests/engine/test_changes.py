"""Changes that reach a path, against every change there is, tried one by one."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from rolefit.engine import Engine
from rolefit.engine.changes import Limits
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.reaching import Goal
from rolefit.engine.ruleset import PATHS
from rolefit.engine.vocabulary import EFFORTS, FactValue, Kind, Vocabulary
from rolefit.v1.change_pb2 import Change, ChangeOutcome
from rolefit.v1.field_change_pb2 import Effort, FieldChange
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_service_pb2 import View
from tests.engine.brute_force import Oracle, Seen
from tests.profiles import FIELDS, message, values

PROFILES = 200
# Fields that may change in one profile; the limits keep all others.
MOST_FREE = 5
MOST_CHANGES = 20

# How many fields take years, months, weeks, a wish, a conversation.
Cost = tuple[int, ...]


@dataclass(frozen=True)
class Tried:
    """One change, and what the rules say after it."""

    after: Facts
    changed: frozenset[str]
    cost: Cost
    seen: Seen


@dataclass(frozen=True)
class Case:
    """A profile, limits, and every change within them."""

    facts: Facts
    limits: Limits
    now: Seen
    tried: tuple[Tried, ...]


@pytest.fixture(scope="module")
def oracle(engine: Engine) -> Oracle:
    return Oracle(engine.ruleset)


def case_of(seed: int, oracle: Oracle, vocabulary: Vocabulary) -> Case:
    """A random profile with all changes of a few fields, within random limits."""
    rng = random.Random(seed)
    share = rng.choice((0.3, 0.6, 0.9))
    facts: Facts = {
        path: rng.choice(values(field))  # type: ignore[misc]
        for path, field in FIELDS.items()
        if rng.random() < share
    }
    free = rng.sample(list(oracle.groups), MOST_FREE)
    limits = Limits(
        max_fields=rng.choice((None, None, 1, 2)),
        max_effort=rng.choice(("YEARS", "YEARS", "MONTHS", "CONVERSATION")),
        keep=frozenset(FIELDS) - {*free},
        wishes_may_change=rng.random() < 0.5,
    )
    choices = [list(moves(field, facts, limits, oracle, vocabulary)) for field in free]
    tried = []
    for choice in itertools.product(*choices):
        made = {
            field: move for field, move in zip(free, choice, strict=True) if move is not None
        }
        if limits.max_fields is None or len(made) <= limits.max_fields:
            after = {**facts, **{field: value for field, (value, _) in made.items()}}
            cost = cost_of([effort for _, effort in made.values()])
            tried.append(Tried(after, frozenset(made), cost, oracle.see(after)))
    return Case(facts, limits, oracle.see(facts), tuple(tried))


def moves(
    field: str, facts: Facts, limits: Limits, oracle: Oracle, vocabulary: Vocabulary
) -> Iterator[tuple[FactValue, str] | None]:
    """Values that a field may take, one for each group, with the effort; None to stay."""
    yield None
    change = vocabulary.words[field].change
    if change is None:
        return
    for i, group in enumerate(oracle.groups[field]):
        if field in facts and facts[field] in group:
            continue
        effort = change.effort
        if field not in facts and (effort == "WISH" or (change.only_up and i == 0)):
            effort = "CONVERSATION"
        within = EFFORTS.index(effort) <= EFFORTS.index(limits.max_effort)
        if effort == "WISH":
            within = limits.wishes_may_change
        reached = [
            value
            for value in group
            if not change.only_up or field not in facts or rises(field, facts[field], value)
        ]
        if within and reached:
            yield reached[0], effort


def rises(field: str, old: FactValue, new: FactValue) -> bool:
    """Whether a value is no step back."""
    if FIELDS[field].kind is Kind.CHOICE:
        order = FIELDS[field].values
        return order.index(str(new)) >= order.index(str(old))
    assert isinstance(old, int | float)
    assert isinstance(new, int | float)
    return new >= old


def cost_of(efforts: list[str]) -> Cost:
    return tuple(efforts.count(effort) for effort in reversed(EFFORTS))


def meets(seen: Seen, goal: Goal, oracle: Oracle, engine: Engine) -> bool:
    if not goal.to_open:
        return seen.path == goal.path
    signal = engine.ruleset.paths[goal.path].open_signal
    return not signal or seen.signals[signal] == "YES"


@pytest.mark.parametrize("seed", range(0, PROFILES, 5))
def test_finds_exactly_the_smallest_changes(engine: Engine, oracle: Oracle, seed: int) -> None:
    for each in range(seed, seed + 5):
        case = case_of(each, oracle, engine.ruleset.vocabulary)
        for path, to_open in itertools.product(PATHS, (False, True)):
            check_search(case, Goal(path, to_open, case.limits, MOST_CHANGES), oracle, engine)


def check_search(case: Case, goal: Goal, oracle: Oracle, engine: Engine) -> None:
    reached = engine.find_changes(message(case.facts), goal)
    if meets(case.now, goal, oracle, engine):
        assert reached.outcome == ChangeOutcome.CHANGE_OUTCOME_ALREADY
        assert not reached.changes
        return
    expected = smallest(case, goal, oracle, engine)
    found = [frozenset(each.field for each in change.fields) for change in reached.changes]
    assert set(found) == set(expected)
    assert len(found) == len(expected) < MOST_CHANGES
    outcome = "FOUND" if expected else "NONE_EXISTS"
    assert ChangeOutcome.Name(reached.outcome) == f"CHANGE_OUTCOME_{outcome}"
    costs = [expected[fields] for fields in found]
    assert costs == sorted(costs)
    for change, cost in zip(reached.changes, costs, strict=True):
        efforts = [Effort.Name(field.effort) for field in change.fields]
        assert cost_of([name.removeprefix("EFFORT_") for name in efforts]) == cost
        check_change(change, case, goal, oracle, engine)


def smallest(
    case: Case, goal: Goal, oracle: Oracle, engine: Engine
) -> dict[frozenset[str], Cost]:
    """Sets of fields no part of which would do, with the least cost of each."""
    costs: dict[frozenset[str], Cost] = {}
    for tried in case.tried:
        new = tried.seen.contradictions - case.now.contradictions
        if not new and meets(tried.seen, goal, oracle, engine):
            least = costs.get(tried.changed, tried.cost)
            costs[tried.changed] = min(least, tried.cost)
    return {
        fields: cost
        for fields, cost in costs.items()
        if not any(other < fields for other in costs)
    }


def check_change(
    change: Change, case: Case, goal: Goal, oracle: Oracle, engine: Engine
) -> None:
    """It is confirmed, touches what it says and no more, and its words can be trusted."""
    vocabulary = engine.ruleset.vocabulary
    after = read_facts(change.profile)
    changed = {each.field for each in change.fields}
    assert {f for f in FIELDS if after.get(f) != case.facts.get(f)} == changed
    assert change.recommendation == engine.recommend(change.profile, View.VIEW_BASIC)
    for each in change.fields:
        kept = case.facts.get(each.field)
        seen = "not given" if kept is None else vocabulary.value_words(each.field, kept)
        assert each.observed == seen
        assert each.label == vocabulary.words[each.field].label
        fitting = fits(each, vocabulary)
        assert after[each.field] in fitting or FIELDS[each.field].kind is Kind.NUMBER
        for value in fitting:
            seen_there = oracle.see({**after, each.field: value})
            assert meets(seen_there, goal, oracle, engine), (each.needed, value)
            assert seen_there.contradictions <= case.now.contradictions


def fits(change: FieldChange, vocabulary: Vocabulary) -> list[FactValue]:
    """The values of a field for which the words of a change are true, as people read them."""
    field = FIELDS[change.field]
    tried: list[FactValue] = values(field)  # type: ignore[assignment]
    if field.kind is not Kind.NUMBER:
        words = re.split(r", | or ", change.needed)
        found = [v for v in tried if vocabulary.value_words(change.field, v) in words]
        assert len(found) == len(words)
        return found
    if change.needed == "given":
        return tried
    holds = {
        "at least": lambda value, bound: value >= bound,
        "at most": lambda value, bound: value <= bound,
        "more than": lambda value, bound: value > bound,
        "less than": lambda value, bound: value < bound,
        "": lambda value, bound: value == bound,
    }
    found = tried
    for part in change.needed.split(" and "):
        words_, _, bound = part.rpartition(" ")
        found = [v for v in found if holds[words_](v, float(bound))]
    assert found, change.needed
    return found


MOST_TRIED = 2


@pytest.mark.parametrize("seed", range(0, 24, 2))
def test_no_path_needs_fewer_fields_than_said(
    engine: Engine, oracle: Oracle, seed: int
) -> None:
    for each in (seed, seed + 1):
        case = case_of(each, oracle, engine.ruleset.vocabulary)
        fewest = fewest_fields(case.facts, case.now, oracle)
        answer = engine.recommend(message(case.facts))
        assert answer.proven
        for assessment in answer.assessments:
            path = Path.Name(assessment.path).removeprefix("PATH_")
            needs = list(assessment.would_need)
            if path == case.now.path:
                assert not needs
            elif path in fewest:
                assert len(needs) == fewest[path]
            else:
                assert not needs or len(needs) > MOST_TRIED
            if needs:
                check_needs(needs, path, case, oracle, engine.ruleset.vocabulary)


def fewest_fields(facts: Facts, now: Seen, oracle: Oracle) -> Mapping[str, int]:
    """By path the fewest fields that lead there, up to MOST_TRIED."""
    fewest: dict[str, int] = {}
    for size in range(1, MOST_TRIED + 1):
        for fields in itertools.combinations(oracle.groups, size):
            for groups in itertools.product(*(oracle.groups[field] for field in fields)):
                new = {f: group[0] for f, group in zip(fields, groups, strict=True)}
                seen = oracle.see({**facts, **new})
                if seen.contradictions <= now.contradictions:
                    fewest.setdefault(seen.path, size)
    return fewest


def check_needs(
    needs: list[FieldChange], path: str, case: Case, oracle: Oracle, vocabulary: Vocabulary
) -> None:
    """Some values for which the words are true lead to the path, and so does any one moved."""
    made = {each.field: fits(each, vocabulary)[0] for each in needs}
    for each in needs:
        for value in fits(each, vocabulary):
            seen = oracle.see({**case.facts, **made, each.field: value})
            assert seen.path == path
            assert seen.contradictions <= case.now.contradictions


def test_a_number_of_which_any_value_would_do_only_has_to_be_given(engine: Engine) -> None:
    facts: Facts = {
        "publications.influential_oss_research": True,
        "temperament.first_instinct": "UNDERSTAND",
        "temperament.likes_research": 3,
        "goals.wants_broad_market": False,
    }
    reached = engine.find_changes(message(facts), Goal("APPLIED_SCIENTIST"))
    needed = [{f.field: f.needed for f in change.fields} for change in reached.changes]
    anything = {
        "goals.wants_mostly_novel_research": "no",
        "temperament.likes_shipping": "given",
    }
    assert anything in needed
