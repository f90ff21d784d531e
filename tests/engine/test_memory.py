"""What an engine remembers makes answers cheap; it changes none."""

from __future__ import annotations

import gc
import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import people
from rolefit.engine import Engine, InferenceError, load_ruleset
from rolefit.engine import fillings as fillings_module
from rolefit.engine import grouping as grouping_module
from rolefit.engine.conditions import Names, Test, describe, parse_condition
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from rolefit.engine.memory import Memory
from rolefit.engine.projection import Properties
from rolefit.engine.ruleset import Ruleset
from rolefit.engine.yaml_source import read_yaml
from rolefit.v1.recommendation_pb2 import Recommendation
from rolefit.v1.recommendation_service_pb2 import RecommendRequest, View
from tests.profiles import FIELDS, message, values
from tests.rulesets import random_facts, random_ruleset

VIEWS = (View.VIEW_BASIC, View.VIEW_STANDARD, View.VIEW_FULL)
# So small that memories overflow all the time.
TINY = 3
RULESETS = 6


@dataclass(frozen=True)
class Said:
    """All that an engine says of one profile."""

    body: bytes
    path: str
    certainty: str
    facts: Facts
    rules_fired: tuple[str, ...]


def said(engine: Engine, facts: Facts, view: View.ValueType = View.VIEW_STANDARD) -> Said:
    answer = engine.answer(engine.observe(message(facts)), view)
    return Said(answer.body, answer.path, answer.certainty, answer.facts, answer.rules_fired)


def walk(seed: int, share: float, length: int = 6) -> list[Facts]:
    """Profiles of which each is the one before with a few fields changed.

    They agree on most of what rules read, so a key that leaves something out meets another
    profile's value.
    """
    rng = random.Random(seed)
    facts: Facts = {
        path: rng.choice(values(field))  # type: ignore[misc]
        for path, field in FIELDS.items()
        if rng.random() < share
    }
    found = [facts]
    for _ in range(length - 1):
        facts = dict(facts)
        for path in rng.sample(list(FIELDS), rng.randint(1, 4)):
            facts.pop(path, None)
            if rng.random() < 0.7:
                facts[path] = rng.choice(values(FIELDS[path]))  # type: ignore[assignment]
        found.append(facts)
    return found


def memories() -> list[Memory[Any, Any]]:
    """All there are, those of other engines too."""
    return [each for each in gc.get_objects() if isinstance(each, Memory)]


def begin(ruleset: Ruleset, *capacity: int) -> tuple[Engine, list[Memory[Any, Any]]]:
    """A new engine, and its memories."""
    # Those before are held, or new ones could be made at their places and count as old.
    before = memories()
    engine = Engine(ruleset, *capacity)
    old = {id(each) for each in before}
    return engine, [each for each in memories() if id(each) not in old]


walks = st.builds(
    walk, st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.2, 0.5, 0.8, 0.95, 1.0])
)


@pytest.fixture(scope="module")
def shipped() -> Ruleset:
    return load_ruleset()


@pytest.fixture(scope="module")
def without(shipped: Ruleset) -> Iterator[Engine]:
    """An engine that remembers nothing."""
    with Engine(shipped, capacity=0) as engine:
        yield engine


@pytest.fixture(scope="module")
def tiny(shipped: Ruleset) -> Iterator[Engine]:
    """An engine that forgets all the time."""
    with Engine(shipped, capacity=TINY) as engine:
        yield engine


@pytest.fixture(scope="module")
def warm(shipped: Ruleset) -> Iterator[Engine]:
    """An engine that has answered others before."""
    with Engine(shipped) as engine:
        for request in people.requests(200):
            engine.recommend(RecommendRequest.FromString(request).profile)
        yield engine


@settings(max_examples=12)
@given(profiles=walks)
def test_same_bytes_whatever_is_remembered(
    warm: Engine, tiny: Engine, without: Engine, profiles: list[Facts]
) -> None:
    for facts in profiles:
        for view in VIEWS:
            expected = said(without, facts, view)
            assert said(warm, facts, view) == expected
            assert said(tiny, facts, view) == expected
            assert said(warm, facts, view) == expected


def test_same_bytes_in_whatever_order_profiles_come(shipped: Ruleset) -> None:
    profiles = [facts for seed in range(12) for facts in walk(seed, 0.7)]
    order = list(range(len(profiles)))
    found = []
    for turn in range(3):
        with Engine(shipped) as engine:
            answers = {i: said(engine, profiles[i]) for i in order}
        found.append([answers[i] for i in range(len(profiles))])
        order = order[::-1] if turn == 0 else random.Random(turn).sample(order, len(order))
    assert found[0] == found[1] == found[2]


@settings(max_examples=12)
@given(profiles=walks)
def test_traces_are_complete(warm: Engine, tiny: Engine, profiles: list[Facts]) -> None:
    for engine in (warm, tiny):
        for facts in profiles:
            outcome = engine.run(facts)
            fired = [rule.id for rule in engine.ruleset.rules if rule.id in outcome.met]
            answer = engine.answer(engine.observe(message(facts)), View.VIEW_FULL)
            assert list(answer.rules_fired) == fired
            assert answer.facts == facts
            inferred = engine.infer(engine.observe(message(facts)))
            assert inferred == (outcome.verdict.path, {*fired})
            trace = Recommendation.FromString(answer.body).trace
            assert list(trace.rules_fired) == fired
            signals = {s.name: s.value for s in trace.signals}
            names = {"YES": 1, "NO": 2, "UNKNOWN": 3}
            assert signals == {name: names[v] for name, v in outcome.signals.items()}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("seed", range(RULESETS))
def test_same_bytes_by_any_rules(
    shipped: Ruleset, seed: int, together: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few fields most rules share a group: set apart, they read each other's signals."""
    if not together:
        monkeypatch.setattr(grouping_module, "_MOST_COMBINATIONS", 1)
    ruleset = random_ruleset(seed, shipped)
    rng = random.Random(seed)
    with Engine(ruleset) as full, Engine(ruleset, TINY) as tiny, Engine(ruleset, 0) as none:
        for _ in range(40):
            facts = random_facts(rng, ruleset)
            expected = said(none, facts)
            assert said(full, facts) == said(tiny, facts) == expected
            verdict = none.run(facts).verdict
            assert (expected.path, expected.certainty) == (verdict.path, verdict.certainty)


def test_an_answer_that_failed_midway_leaves_nothing_behind(
    shipped: Ruleset, without: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_, last = walk(3, 0.9)
    expected = [said(without, facts) for facts in (first, last)]
    fire = LayerSession.fire
    left = 0

    def fails_at_last(session: LayerSession, properties: Properties) -> set[str]:
        nonlocal left
        left -= 1
        if left == 0:
            raise InferenceError("no more")
        return fire(session, properties)

    monkeypatch.setattr(LayerSession, "fire", fails_at_last)
    for firings in (1, 8, 20, 40):
        with Engine(shipped) as engine:
            left = firings
            with pytest.raises(InferenceError, match="no more"):
                said(engine, first)
            assert [said(engine, facts) for facts in (first, last)] == expected


def test_a_closed_engine_fires_nothing(
    shipped: Ruleset, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(shipped)
    said(engine, {})
    engine.close()
    fired: list[LayerSession] = []

    def fire(session: LayerSession, _: Properties) -> set[str]:
        fired.append(session)
        return set()

    monkeypatch.setattr(LayerSession, "fire", fire)
    with pytest.raises(KeyError):
        said(engine, walk(3, 0.9)[0])
    assert not fired


def test_threads_share_an_engine(tiny: Engine, without: Engine) -> None:
    profiles = [facts for seed in range(5) for facts in walk(seed, 0.8)]
    expected = [said(without, facts) for facts in profiles]
    wrong: list[int] = []

    def ask(first: int) -> None:
        for i in range(len(profiles)):
            place = (first + i) % len(profiles)
            if said(tiny, profiles[place]) != expected[place]:
                wrong.append(place)

    threads = [threading.Thread(target=ask, args=(first,)) for first in (0, 7, 19)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("capacity", [0, 1, TINY, 100])
def test_memories_stay_within_their_capacity(shipped: Ruleset, capacity: int) -> None:
    with Engine(shipped, capacity) as engine:
        hits: dict[str, int] = {}
        for facts in (facts for seed in range(4) for facts in walk(seed, 0.8)):
            said(engine, facts)
            engine.infer(engine.observe(message(facts)))
            statistics = {each.name: each for each in engine.cache_statistics()}
            assert len(statistics) == len(engine.cache_statistics())
            for name, each in statistics.items():
                assert each.capacity == capacity
                assert 0 <= each.size <= min(capacity, each.misses)
                assert each.hits + each.misses == each.lookups
                # Counters never fall.
                assert each.hits >= hits.get(name, 0)
            hits = {name: each.hits for name, each in statistics.items()}
        if capacity == 0:
            assert not any(hits.values())


def test_what_is_asked_again_is_known(shipped: Ruleset) -> None:
    with Engine(shipped) as engine:
        profiles = walk(7, 0.8)
        for facts in profiles:
            said(engine, facts)
        before = {each.name: each for each in engine.cache_statistics()}
        for facts in profiles:
            said(engine, facts)
        for each in engine.cache_statistics():
            earlier = before[each.name]
            assert (each.misses, each.size) == (earlier.misses, earlier.size)
            assert each.lookups == 2 * earlier.lookups


def test_nothing_is_learned_twice(shipped: Ruleset) -> None:
    """What comes to nothing is remembered as well, such as a number that turns no path."""
    engine, remembered = begin(shipped)
    with engine:
        (positions,) = (each for each in remembered if each.name == "positions")
        remembered.remove(positions)
        profiles = [facts for seed in range(4) for facts in walk(seed, 0.9)]
        for facts in profiles:
            said(engine, facts)
        learned = [(each.name, each.misses) for each in remembered]
        positions.forget()
        for facts in profiles:
            said(engine, facts)
        assert [(each.name, each.misses) for each in remembered] == learned


def test_a_full_memory_keeps_what_is_asked_for() -> None:
    memory: Memory[int, str] = Memory("numbers", 6)
    for number in range(3):
        assert memory.add(number, str(number)) == str(number)
    assert memory.known == {2: "2"}
    assert (memory.get(0), memory.get(5)) == ("0", None)
    assert memory.known == {2: "2", 0: "0"}
    # Full once more: 1 was not asked for.
    memory.add(3, "3")
    assert (memory.get(0), memory.get(1), memory.get(2)) == ("0", None, "2")
    assert memory.misses == 4
    assert memory.statistics().size <= memory.capacity
    memory.forget()
    assert (memory.get(3), memory.statistics().size) == (None, 0)


def test_what_is_asked_for_all_the_time_stays() -> None:
    memory: Memory[int, int] = Memory("numbers", 100)
    often = range(10)
    for number in often:
        memory.add(number, number)
    for number in range(10, 1_000):
        memory.add(number, number)
        assert all(memory.get(each) == each for each in often)
        assert memory.statistics().size <= memory.capacity


def test_a_memory_of_one_holds_one() -> None:
    memory: Memory[int, str] = Memory("numbers", 1)
    for number in range(3):
        memory.add(number, str(number))
        assert (memory.known, memory.statistics().size) == ({number: str(number)}, 1)


def test_all_parts_together_stay_within_one_capacity(shipped: Ruleset) -> None:
    engine, remembered = begin(shipped, 5)
    with engine:
        (written,) = (each for each in remembered if each.name == "written")
        most = 0
        for facts in walk(4, 1.0, length=20):
            said(engine, facts)
            size = written.statistics().size
            assert size <= written.capacity
            most = max(most, size)
        assert most > written.capacity / 2


def test_an_engine_that_forgets_answers_as_before(shipped: Ruleset) -> None:
    profiles = walk(9, 0.9)
    with Engine(shipped) as engine:
        seen = engine.observe(message(profiles[0]))
        before = [said(engine, facts) for facts in profiles]
        engine.forget()
        assert not any(each.size for each in engine.cache_statistics())
        # A call may have looked at its profile just before.
        assert engine.answer(seen).body == before[0].body
        assert [said(engine, facts) for facts in profiles] == before


def test_what_an_engine_forgot_is_gone_at_once(shipped: Ruleset) -> None:
    """No look of the garbage collector is needed: those are rare in a server."""
    with Engine(shipped) as engine:
        for facts in walk(3, 0.9, length=20):
            said(engine, facts)
        gc.collect()
        gc.disable()
        try:
            held = len(gc.get_objects())
            engine.forget()
            left = len(gc.get_objects())
            gc.collect()
            assert held - left > 3 * (left - len(gc.get_objects()))
        finally:
            gc.enable()


def test_answers_leave_no_cycles(shipped: Ruleset) -> None:
    """Else the collector had to look for them, which costs more than they do."""
    with Engine(shipped) as engine:
        said(engine, {})
        found = []
        gc.disable()
        try:
            for seed in range(3):
                gc.collect()
                for facts in walk(seed, 0.6, length=20):
                    engine.answer(engine.observe(message(facts)))
                found.append(gc.collect())
        finally:
            gc.enable()
        assert min(found) == 0, "other threads of this process may leave some, but not always"


def test_equal_tests_say_the_same(shipped: Ruleset) -> None:
    """Else the words of an answer would depend on which of two rules was traced first."""
    names = Names(FIELDS, frozenset(), {"years": 2.0}, {})
    path = "engineering.years_software"
    words: set[str] = set()
    for number in ("2", "2.0", "2e0", "$years"):
        test = parse_condition(read_yaml(f"{path} >= {number}", "rules.yaml"), names)
        assert isinstance(test, Test)
        words.add(describe(test, shipped.vocabulary))
    assert words == {"at least 2"}


def test_fillings_that_hardly_fit_are_worked_out(
    shipped: Ruleset, without: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fillings_module, "_MOST_NODES", 3)
    with Engine(shipped) as engine:
        for facts in ({}, *walk(5, 0.3), *walk(6, 0.1), {}):
            assert said(engine, facts) == said(without, facts)
