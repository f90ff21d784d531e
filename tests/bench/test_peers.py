"""The rules as other engines get them say what our engine says."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings

from bench.peers import __main__ as bench
from bench.peers import cel, clips, formulas, zen
from bench.peers.formulas import Formula, Scalar, conjunctions, holds, literals, translate
from bench.peers.peer import Decided, NotAvailableError, Peer
from bench.peers.variables import Reader
from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from tests.profiles import facts_strategy

ROOT = Path(__file__).parent.parent.parent


def decided_by_formulas(engine: Engine, facts: Facts, certainty: str) -> Decided:
    translated = translate(engine.ruleset)
    variables = Reader(translated, engine.ruleset.vocabulary.fields).read(facts)
    return Decided(*formulas.evaluate(translated, variables, certainty))


def test_formulas_decide_people_as_the_engine_does(engine: Engine) -> None:
    for person in bench.people(engine, 200):
        found = decided_by_formulas(engine, person.facts, person.certainty)
        assert found == person.decided


@settings(max_examples=200)
@given(facts=facts_strategy())
def test_formulas_decide_any_valid_profile_as_the_engine_does(
    engine: Engine, facts: Facts
) -> None:
    outcome = engine.run(facts)
    found = decided_by_formulas(engine, facts, outcome.verdict.certainty)
    assert found == Decided(outcome.verdict.path, frozenset(outcome.met))


def every_formula(engine: Engine) -> list[Formula]:
    translated = translate(engine.ruleset)
    signals = [each for layer in translated.signals for each in layer]
    rules = (*translated.early, *translated.verdicts, *translated.late)
    return [
        *(each.yes for each in signals),
        *(each.no for each in signals),
        *(each.when for each in rules),
    ]


def test_alternatives_of_conjunctions_are_true_where_the_formula_is(engine: Engine) -> None:
    rng = random.Random(5)
    everything = every_formula(engine)
    nearby: dict[str, set[Scalar]] = {}
    for formula in everything:
        for literal in literals(formula):
            values = nearby.setdefault(literal.variable, set())
            for constant in literal.constants:
                near = () if isinstance(constant, str) else (constant - 1, constant + 1)
                values.update((constant, *near))
    choices = {name: sorted(values, key=str) for name, values in nearby.items()}
    seen = set()
    for _ in range(300):
        variables = {name: rng.choice(values) for name, values in choices.items()}
        for formula in everything:
            truth = holds(formula, variables)
            seen.add(truth)
            assert truth is any(
                all(holds(literal, variables) for literal in conjunction)
                for conjunction in conjunctions(formula)
            )
    assert seen == {True, False}


@pytest.mark.parametrize("module", [cel, clips, zen], ids=lambda module: module.PACKAGE)
def test_a_peer_decides_as_the_engine_does(engine: Engine, module: ModuleType) -> None:
    try:
        peer: Peer = module.open_peer(engine.ruleset)
    except NotAvailableError as error:
        pytest.skip(f"{error}; 'make bench-peers' installs it")
    everybody = bench.people(engine, 200)
    assert bench.wrong(peer, everybody) == 0
    # What an earlier profile left behind must not matter.
    assert bench.wrong(peer, everybody[::-1]) == 0
    nobody = engine.run({})
    unknown = Decided(nobody.verdict.path, frozenset(nobody.met))
    assert peer.decide({}, nobody.verdict.certainty) == unknown
    peer.close()


class ForgetsARule:
    """An engine that is right but for one rule of one person."""

    name = "forgets a rule"

    def __init__(self, engine: Engine, forgotten: Facts):
        self._engine = engine
        self._forgotten = forgotten

    def decide(self, facts: Facts, certainty: str) -> Decided:
        outcome = self._engine.run(facts)
        fired = sorted(outcome.met)
        return Decided(
            outcome.verdict.path,
            frozenset(fired[1:] if facts == self._forgotten else fired),
        )

    def close(self) -> None:
        pass


def test_one_rule_that_did_not_fire_is_counted_as_wrong(engine: Engine) -> None:
    everybody = bench.people(engine, 20)
    assert bench.wrong(ForgetsARule(engine, everybody[7].facts), everybody) == 1


def test_the_bench_prints_a_line_for_every_engine() -> None:
    command = [sys.executable, "-m", "bench.peers"]
    sizes = ["--rounds", "2", "--people", "5", "--warm-up", "0"]
    done = subprocess.run(
        [*command, *sizes], cwd=ROOT, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(
        r"^\| (?!engine)(.+?) \| (\d+) \| \d+ \(.*\) \| [\d.]+ \|$", done.stdout, re.M
    )
    left_out = re.findall(r"^left out: (\w+): \S.*$", done.stdout, re.M)
    assert len(rows) + len(left_out) == 7
    assert {wrong for _, wrong in rows} == {"0"}
    assert rows[0][0].startswith("rolefit")
    assert rows[1][0].startswith("durable_rules")


def test_too_few_rounds_are_refused_by_name() -> None:
    command = [sys.executable, "-m", "bench.peers", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "--rounds: at least 2" in done.stderr
