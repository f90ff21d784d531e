"""The engine, with durable_rules inside, against the reference evaluator."""

from __future__ import annotations

from hypothesis import given, settings

from rolefit.engine import Engine
from rolefit.engine.facts import Facts, read_facts
from rolefit.engine.ruleset import PATHS
from rolefit.v1.preparation_pb2 import Readiness
from tests.conftest import DIFFERENTIAL_EXAMPLES
from tests.engine.reference_evaluator import evaluate
from tests.profiles import facts_strategy, message


@settings(max_examples=DIFFERENTIAL_EXAMPLES)
@given(facts=facts_strategy())
def test_engine_and_reference_agree(engine: Engine, facts: Facts) -> None:
    outcome = engine.run(facts)
    reference = evaluate(engine.ruleset, facts, outcome.verdict.certainty)
    assert outcome.signals == reference.signals
    prepared = {rule.id for rule in (*engine.ruleset.rounds, *engine.ruleset.items)}
    assert set(outcome.met) == reference.fired - prepared
    assert outcome.verdict.path == reference.path


@settings(max_examples=DIFFERENTIAL_EXAMPLES // 5)
@given(facts=facts_strategy())
def test_preparation_and_reference_agree(engine: Engine, facts: Facts) -> None:
    certainty = engine.run(facts).verdict.certainty
    reference = evaluate(engine.ruleset, facts, certainty)
    prepared = engine.prepare(message(facts), PATHS).preparations
    assert len(prepared) == len(PATHS)
    readiness = {
        r.rule_id: Readiness.Name(r.readiness).removeprefix("READINESS_")
        for preparation in prepared
        for r in preparation.rounds
    }
    assert readiness == reference.readiness
    items = {i.rule_id for p in prepared for i in (*p.resume, *p.negotiation)}
    assert items == {rule.id for rule in engine.ruleset.items} & reference.fired


@settings(max_examples=200)
@given(facts=facts_strategy())
def test_a_message_holds_exactly_the_facts_it_was_made_from(facts: Facts) -> None:
    assert read_facts(message(facts)) == facts
