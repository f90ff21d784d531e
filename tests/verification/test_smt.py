"""The rules as formulas, against the engine and the reference evaluator."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from rolefit.engine import Engine
from rolefit.engine.facts import Facts
from rolefit.engine.ruleset import ALL_PATHS, CERTAINTIES
from rolefit.verification.witness import observe
from tests.engine.reference_evaluator import evaluate
from tests.profiles import FIELDS, values

z3 = pytest.importorskip("z3")
from rolefit.verification.smt import SmtRules  # noqa: E402

# Random profiles put to all three.
EXAMPLES = int(os.environ.get("ROLEFIT_SMT_EXAMPLES", "400"))


@pytest.fixture(scope="module")
def rules(engine: Engine) -> SmtRules:
    return SmtRules(engine.ruleset)


def random_facts(seed: int) -> Facts:
    rng = random.Random(seed)
    share = rng.choice([0.1, 0.4, 0.7, 0.9, 1.0])
    return {
        path: rng.choice(values(field))  # type: ignore[misc]
        for path, field in FIELDS.items()
        if rng.random() < share
    }


def evaluated(rules: SmtRules, facts: Facts, certainty: str, formulas: list[Any]) -> list[Any]:
    """What formulas come to for one profile."""
    place = z3.IntVal(CERTAINTIES.index(certainty))
    pairs = [*rules.substitution(facts), (rules.certainty, place)]
    # One term, so that what formulas share is worked out once.
    term = z3.Function("all", *(each.sort() for each in formulas), z3.BoolSort())(*formulas)
    return list(z3.simplify(z3.substitute(term, *pairs)).children())


def test_formulas_engine_and_reference_agree(rules: SmtRules, engine: Engine) -> None:
    signals = [side for pair in rules.signals.values() for side in pair]
    fired = [rule.id for rule in engine.ruleset.rules]
    formulas = [rules.path, *signals, *(rules.fired[rule_id] for rule_id in fired)]
    for seed in range(EXAMPLES):
        facts = random_facts(seed)
        outcome = engine.run(facts)
        certainty = outcome.verdict.certainty
        reference = evaluate(engine.ruleset, facts, certainty)
        path, *truths = evaluated(rules, facts, certainty, formulas)
        assert ALL_PATHS[path.as_long()] == outcome.verdict.path == reference.path
        sides = iter(truths[: len(signals)])
        for name in rules.signals:
            yes, no = z3.is_true(next(sides)), z3.is_true(next(sides))
            value = "YES" if yes else "NO" if no else "UNKNOWN"
            assert value == outcome.signals[name] == reference.signals[name], name
        true = zip(fired, truths[len(signals) :], strict=True)
        assert {rule_id for rule_id, truth in true if z3.is_true(truth)} == reference.fired
        assert set(outcome.met) <= reference.fired


def test_rounds_and_findings_are_the_engines(rules: SmtRules, engine: Engine) -> None:
    codes = list(rules.findings)
    rounds = [(rule_id, state) for rule_id, of in rules.rounds.items() for state in of]
    formulas = [rules.findings[code] for code in codes]
    formulas += [rules.rounds[rule_id][state] for rule_id, state in rounds]
    for seed in range(EXAMPLES // 4):
        facts = random_facts(seed)
        seen = observe(engine, facts)
        truths = evaluated(rules, facts, seen.outcome.verdict.certainty, formulas)
        found = dict(zip([*codes, *rounds], map(z3.is_true, truths), strict=True))
        assert {code for code in codes if found[code]} == seen.findings
        assert {rule_id: state for rule_id, state in rounds if found[rule_id, state]} == (
            seen.rounds
        )


def test_a_model_is_read_back_as_the_profile_it_was_pinned_to(rules: SmtRules) -> None:
    for seed in range(20):
        facts = random_facts(seed)
        solver = z3.Solver()
        solver.add(*rules.limits, *rules.pinned(facts))
        assert solver.check() == z3.sat
        read = rules.facts(solver.model())
        country = "target.country"
        assert {**read, country: ""} == {**facts, country: ""} or country not in facts
        assert read.keys() == facts.keys()
