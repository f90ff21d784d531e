"""Several engines in one process, as a reload has them: the rules engine knows them by name."""

from __future__ import annotations

import gc
import random
from pathlib import Path

import pytest

from rolefit.engine import Engine, load_ruleset
from rolefit.engine.facts import Facts
from rolefit.engine.inference import LayerSession
from tests.rulesets import random_facts, random_ruleset

SEEDS = (1, 2, 3)


def outcomes(engine: Engine, people: list[Facts]) -> list[object]:
    answers = (engine.run(facts) for facts in people)
    return [(each.verdict.path, each.verdict.certainty, sorted(each.met)) for each in answers]


def test_engines_do_not_disturb_each_other() -> None:
    shipped = load_ruleset()
    rng = random.Random(20)
    sets = [random_ruleset(seed, shipped) for seed in SEEDS]
    people = [[random_facts(rng, each) for _ in range(40)] for each in sets]
    expected = []
    for ruleset, them in zip(sets, people, strict=True):
        with Engine(ruleset) as alone:
            expected.append(outcomes(alone, them))
    assert expected[0] != expected[1]
    engines = [Engine(ruleset) for ruleset in sets]
    for turn in range(40):
        for engine, them, right in zip(engines, people, expected, strict=True):
            assert outcomes(engine, them[turn : turn + 1]) == right[turn : turn + 1]
    engines[1].close()
    assert outcomes(engines[0], people[0]) == expected[0]
    assert outcomes(engines[2], people[2]) == expected[2]
    with Engine(sets[1]) as again:
        assert outcomes(again, people[1]) == expected[1]
        engines[0].close()
        assert outcomes(again, people[1]) == expected[1]
        assert outcomes(engines[2], people[2]) == expected[2]
    engines[2].close()


def test_opening_and_closing_200_times_leaves_no_memory_behind(engine: Engine) -> None:
    def cycle() -> None:
        sessions = [LayerSession(layer) for layer in engine.program.layers]
        for session in sessions:
            session.close()

    status = Path("/proc/self/statm")
    if not status.exists():
        pytest.skip("needs /proc")

    def pages() -> int:
        gc.collect()
        return int(status.read_text().split()[1])

    for _ in range(20):
        cycle()
    before = pages()
    for _ in range(200):
        cycle()
    # A rule set dropped without its state would leave about 1 MB each time.
    assert pages() - before < 1024
