"""The rules engine behind its own small interface."""

from __future__ import annotations

import json
import threading

import pytest

from rolefit.client.profile import parse_profile
from rolefit.engine import Engine, InferenceError, load_ruleset
from rolefit.engine.compilation import MAX_RULES_PER_SET, compile_ruleset, fnv1a, lint
from rolefit.engine.inference import RuleSession
from tests.cases import CASES

PATTERN = {"all": [{"m": {"$and": [{"kind": "profile"}, {"a": "X"}]}}]}
PRIME = {"all": [{"m": {"$and": [{"kind": "prime"}]}}]}


def test_session_survives_a_failure() -> None:
    session = RuleSession("survives", json.dumps({"prime": PRIME, "r": PATTERN}))
    assert session.fire({"a": "X"}) == ["r"]
    with pytest.raises(InferenceError):
        session.fire({"a": object()})  # type: ignore[dict-item]
    assert session.fire({"a": "X"}) == ["r"]
    assert session.fire({"a": "Y"}) == []
    session.close()


def test_threads_get_the_answers_one_gets(engine: Engine) -> None:
    profiles = [parse_profile(case["profile"]) for case in CASES]
    expected = [engine.recommend(profile) for profile in profiles]
    wrong: list[int] = []

    def work() -> None:
        for _ in range(10):
            for i, profile in enumerate(profiles):
                if engine.recommend(profile) != expected[i]:
                    wrong.append(i)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_engines_live_side_by_side(engine: Engine) -> None:
    profile = parse_profile(CASES[0]["profile"])
    with Engine(load_ruleset()) as other:
        assert other.recommend(profile) == engine.recommend(profile)
    assert engine.recommend(profile).path


def test_generated_rule_sets_stay_small() -> None:
    program = compile_ruleset(load_ruleset())
    lint(program)
    sizes = [len(json.loads(d)) for layer in program.layers for d in layer.definitions]
    assert max(sizes) <= MAX_RULES_PER_SET + 1


def test_hash_is_fnv1a() -> None:
    assert fnv1a("") == 0x811C9DC5
    assert fnv1a("foobar") == 0xBF9CF968
