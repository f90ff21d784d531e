"""Certainty, possible paths and questions against all fillings, tried one by one."""

from __future__ import annotations

import collections
import itertools
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import PATHS
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.path_pb2 import Path
from tests.engine.brute_force import Oracle
from tests.profiles import FIELDS, message, values

PROFILES = 300
# Fields left open in one profile; every one more makes three times as many fillings.
MOST_OPEN = 6
# In an answer's shares there are six digits.
DIGITS = 1e-5

# A value for each open field, None for one that stays absent.
Filling = tuple[object, ...]


@dataclass(frozen=True)
class Tried:
    """The path of every filling of the open fields, in part or in full."""

    fields: tuple[str, ...]
    paths: dict[Filling, str]

    @property
    def complete(self) -> dict[Filling, str]:
        return {filling: path for filling, path in self.paths.items() if None not in filling}

    @property
    def now(self) -> str:
        return self.paths[(None,) * len(self.fields)]

    def by_rest(self, field: str, complete: bool) -> list[set[str]]:
        """The paths a field decides between, for every filling of the other ones."""
        place = self.fields.index(field)
        found: dict[Filling, set[str]] = collections.defaultdict(set)
        for filling, path in self.paths.items():
            rest = (*filling[:place], *filling[place + 1 :])
            if not complete or None not in rest:
                found[rest].add(path)
        return list(found.values())

    def settles(self, field: str) -> float:
        """The share of entropy that a field removes on average."""
        place = self.fields.index(field)
        by_value: dict[object, list[str]] = collections.defaultdict(list)
        for filling, path in self.complete.items():
            by_value[filling[place]].append(path)
        now = entropy(self.complete.values())
        after = [entropy(paths) for paths in by_value.values()]
        return 1 - sum(after) / len(after) / now if now else 0.0


def entropy(paths: Iterable[str]) -> float:
    counts = collections.Counter(paths)
    total = sum(counts.values())
    return -sum(count / total * math.log2(count / total) for count in counts.values())


@pytest.fixture(scope="module")
def oracle(engine: Engine) -> Oracle:
    return Oracle(engine.ruleset)


def profile_of(seed: int, oracle: Oracle) -> tuple[Facts, Tried]:
    """A profile in which up to MOST_OPEN decisive fields are absent, and all its fillings."""
    rng = random.Random(seed)
    open_fields = tuple(rng.sample(list(oracle.groups), rng.randint(0, MOST_OPEN)))
    facts: Facts = {
        path: rng.choice(values(FIELDS[path]))  # type: ignore[misc]
        for path in FIELDS
        if path not in open_fields and (path in oracle.groups or rng.random() < 0.5)
    }
    choices = [
        (None, *(rng.choice(group) for group in oracle.groups[path])) for path in open_fields
    ]
    paths: dict[Filling, str] = {}
    for filling in itertools.product(*choices):
        given = {f: v for f, v in zip(open_fields, filling, strict=True) if v is not None}
        paths[filling] = oracle.path({**facts, **given})
    return facts, Tried(open_fields, paths)


def path_name(number: Path.ValueType) -> str:
    return Path.Name(number).removeprefix("PATH_")


@pytest.mark.parametrize("seed", range(0, PROFILES, 10))
def test_answers_hold_for_all_fillings(engine: Engine, oracle: Oracle, seed: int) -> None:
    for each in range(seed, seed + 10):
        facts, tried = profile_of(each, oracle)
        answer = engine.recommend(message(facts))
        assert answer.proven
        assert path_name(answer.path) == tried.now
        assert {path_name(path) for path in answer.possible_paths} == {*tried.complete.values()}
        settled = tried.now in PATHS and {*tried.paths.values()} == {tried.now}
        assert (answer.certainty == pb.CERTAINTY_CERTAIN) == settled
        check_questions(answer, tried, engine)


def check_questions(answer: pb.Recommendation, tried: Tried, engine: Engine) -> None:
    matters = {
        field
        for field in tried.fields
        if any(len(paths) > 1 for paths in tried.by_rest(field, complete=False))
    }
    assert {question.field for question in answer.next_questions} == matters
    for question in answer.next_questions:
        in_the_end = tried.by_rest(question.field, complete=True)
        assert question.essential == all(len(paths) > 1 for paths in in_the_end)
        assert question.settles == pytest.approx(tried.settles(question.field), abs=DIGITS)
        decided = [paths for paths in in_the_end if len(paths) > 1] or [
            paths for paths in tried.by_rest(question.field, complete=False) if len(paths) > 1
        ]
        assert {path_name(path) for path in question.could_lead_to} == set().union(*decided)
    check_order(list(answer.next_questions), engine)


def check_order(questions: list[pb.NextQuestion], engine: Engine) -> None:
    """Essential ones, then the guide's own, then what settles most to the nearest 0.05."""
    vocabulary = engine.ruleset.vocabulary

    def rank(question: pb.NextQuestion) -> tuple[bool, bool, int, int]:
        return (
            not question.essential,
            question.field not in vocabulary.ask_first,
            -round(question.settles / 0.05),
            vocabulary.ask_order.index(question.field),
        )

    assert questions == sorted(questions, key=rank)


def test_most_profiles_tried_are_open(oracle: Oracle) -> None:
    """Fillings that never differ would prove little."""
    tried = [profile_of(seed, oracle)[1] for seed in range(0, PROFILES, 10)]
    assert sum(len({*each.paths.values()}) > 1 for each in tried) > len(tried) / 3
