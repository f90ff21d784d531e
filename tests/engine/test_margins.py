"""Margins of numbers against a walk over the values of each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.engine.vocabulary import Field, Kind
from rolefit.v1 import recommendation_pb2 as pb
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_service_pb2 import View
from tests.engine.brute_force import Oracle
from tests.profiles import FIELDS, message, values

PROFILES = 200
# Between the fractions tried lies no threshold of the rules.
STEP = 0.01
# No rule about paths looks at larger whole numbers, dollars aside.
MOST_WALKED = 50


@pytest.fixture(scope="module")
def oracle(engine: Engine) -> Oracle:
    return Oracle(engine.ruleset)


def facts_of(seed: int) -> Facts:
    rng = random.Random(seed)
    share = rng.choice((0.5, 0.8, 1.0))
    return {
        path: rng.choice(values(field))  # type: ignore[misc]
        for path, field in FIELDS.items()
        if rng.random() < share
    }


def walked(field: Field) -> list[float]:
    """Every whole number, or closely spaced fractions, as far as rules look."""
    tried = [float(str(value)) for value in values(field)]
    if field.integral:
        most = min(MOST_WALKED, int(max(tried)))
        return sorted({*tried, *range(int(min(tried)), most + 1)})
    return sorted({*tried, *(value + STEP for value in tried), *(i / 2 for i in range(25))})


def first_flip(
    steps: Iterable[float], field: str, facts: Facts, here: str, oracle: Oracle
) -> tuple[float, str] | None:
    """The first value with another path, and that path."""
    for value in steps:
        path = oracle.path({**facts, field: value})
        if path != here:
            return value, path
    return None


@pytest.mark.parametrize("seed", range(0, PROFILES, 20))
def test_the_nearest_flips_are_the_first_on_a_walk(
    engine: Engine, oracle: Oracle, seed: int
) -> None:
    for each in range(seed, seed + 20):
        facts = facts_of(each)
        here = oracle.path(facts)
        margins = {m.field: m for m in engine.recommend(message(facts)).margins}
        numbers = {path for path in facts if FIELDS[path].kind is Kind.NUMBER}
        assert margins.keys() <= numbers
        for path in numbers:
            value = float(str(facts[path]))
            steps = walked(FIELDS[path])
            below = [step for step in reversed(steps) if step < value]
            above = [step for step in steps if step > value]
            margin = margins.get(path, pb.Margin(value=value))
            assert margin.value == value
            check(margin, "below", first_flip(below, path, facts, here, oracle))
            check(margin, "above", first_flip(above, path, facts, here, oracle))
            if path in margins:
                assert margin.HasField("below") or margin.HasField("above")
                check_words(margin, facts, oracle)


def check(margin: pb.Margin, side: str, walked_to: tuple[float, str] | None) -> None:
    found = margin.HasField(side)  # type: ignore[arg-type]
    assert found == (walked_to is not None), (margin, side)
    if walked_to is not None:
        flip: pb.Flip = getattr(margin, side)
        value, path = walked_to
        assert Path.Name(flip.path) == f"PATH_{path}"
        away = abs(value - margin.value)
        if FIELDS[margin.field].integral:
            assert flip.distance == away
        else:
            # The walk comes upon the bound itself, or upon the first step behind it.
            assert away - 0.5 <= flip.distance <= away


def check_words(margin: pb.Margin, facts: Facts, oracle: Oracle) -> None:
    """Every number for which the words are true leads to the path."""
    for side in ("below", "above"):
        if not margin.HasField(side):
            continue
        flip: pb.Flip = getattr(margin, side)
        fitting = [step for step in walked(FIELDS[margin.field]) if true_of(flip.at, step)]
        assert fitting
        for value in fitting:
            path = oracle.path({**facts, margin.field: value})
            assert Path.Name(flip.path) == f"PATH_{path}", (margin, value)


def true_of(words: str, value: float) -> bool:
    holds = True
    for part in words.split(" and "):
        match = re.fullmatch(r"(?:(at least|at most|more than|less than) )?([\d.]+)", part)
        assert match is not None, words
        bound = float(match[2])
        holds = (
            holds
            and {
                "at least": value >= bound,
                "at most": value <= bound,
                "more than": value > bound,
                "less than": value < bound,
                None: value == bound,
            }[match[1]]
        )
    return holds


def test_the_basic_view_has_none(engine: Engine) -> None:
    for seed in range(20):
        assert not engine.recommend(message(facts_of(seed)), View.VIEW_BASIC).margins


def test_most_random_profiles_have_a_margin(engine: Engine) -> None:
    """A walk that never meets one would prove little."""
    with_some = sum(
        bool(engine.recommend(message(facts_of(seed))).margins) for seed in range(100)
    )
    assert with_some > 30
