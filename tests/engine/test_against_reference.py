"""The engine, with durable_rules inside, against the reference evaluator."""

from __future__ import annotations

from hypothesis import given, settings

from rolefit.engine import Engine
from rolefit.engine.facts import Facts, read_facts
from tests.conftest import DIFFERENTIAL_EXAMPLES
from tests.engine.reference_evaluator import evaluate
from tests.profiles import facts_strategy, message


@settings(max_examples=DIFFERENTIAL_EXAMPLES)
@given(facts=facts_strategy())
def test_engine_and_reference_agree(engine: Engine, facts: Facts) -> None:
    outcome = engine.run(facts)
    reference = evaluate(engine.ruleset, facts, outcome.verdict.certainty)
    assert outcome.signals == reference.signals
    assert set(outcome.met) == reference.fired
    assert outcome.verdict.path == reference.path


@settings(max_examples=200)
@given(facts=facts_strategy())
def test_a_message_holds_exactly_the_facts_it_was_made_from(facts: Facts) -> None:
    assert read_facts(message(facts)) == facts
